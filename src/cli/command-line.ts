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

const SIGN_IN = ['tenant', 'client-id', 'credentials'] as const;

type GivenCall = Pick<CommandCall, 'given' | 'io'>;

/** The address that a command is told of: by an option, else by the environment unless an option names a data directory. */
export function addressGiven({ given, io }: GivenCall): string | undefined {
  const fromEnv = given['data-dir'] === undefined ? io.env['ROLLBOOK_URL'] : undefined;
  return given['url'] ?? (fromEnv === '' ? undefined : fromEnv);
}

/**
 * A command to type next, in another shell, that reaches the same service as this one, or starts it: `serve` signs in nowhere. Secrets are left
 * out.
 */
export function nextCommand(call: GivenCall, words: readonly string[]): string {
  const { env } = call.io;
  const dataDir = call.given['data-dir'] ?? env['DATA_DIR'];
  const places: Readonly<Record<string, string | undefined>> =
    words[0] === 'serve'
      ? {}
      : {
          url: addressGiven(call),
          ...Object.fromEntries(SIGN_IN.map((name) => [name, call.given[name]])),
        };
  const connection = Object.entries(places).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  const place = dataDir === undefined || dataDir === '' ? [] : ['--data-dir', dataDir];
  return [programName(env), ...[...words, ...connection, ...place].map(shellQuote)].join(' ');
}
