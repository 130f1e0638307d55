import type { CommandCall } from './command.ts';

/** An argument as a POSIX shell takes it. */
export function shellQuote(argument: string): string {
  return /^[\w@%+=:,./-]+$/u.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}

/** How the user calls Rollbook here: `rollbook`, by npx, or in a checkout `npm run -s rollbook --`. */
export function programName(env: Readonly<Record<string, string | undefined>>): string {
  if (env['npm_command'] === 'exec') return 'npx rollbook';
  // A script of somebody else's package may call Rollbook as well.
  const isOwnScript = env['npm_lifecycle_event'] !== undefined && env['npm_package_name'] === 'rollbook';
  return isOwnScript ? 'npm run -s rollbook --' : 'rollbook';
}

const CONNECTION = ['url', 'tenant', 'client-id', 'credentials'] as const;

/** A command to type next, in another shell, that reaches the same service as this one. Secrets are left out. */
export function nextCommand(call: Pick<CommandCall, 'given' | 'io'>, words: readonly string[]): string {
  const { env } = call.io;
  const dataDir = call.given['data-dir'] ?? env['DATA_DIR'];
  const connection = CONNECTION.flatMap((name) => {
    const value = call.given[name];
    return value === undefined ? [] : [`--${name}`, value];
  });
  const place = dataDir === undefined || dataDir === '' ? [] : ['--data-dir', dataDir];
  return [programName(env), ...[...words, ...connection, ...place].map(shellQuote)].join(' ');
}
