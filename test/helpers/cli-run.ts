import { fileURLToPath } from 'node:url';

import type { CliDeps } from '#cli/cli-deps.ts';
import type { CliIo } from '#cli/cli-io.ts';
import { runCli } from '#cli/main.ts';
import { realSystem } from '#lib/system.ts';

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliRunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly isTTY?: boolean;
  /** Whoever read stdout has left. */
  readonly isUnread?: boolean;
  readonly interrupt?: AbortSignal;
  readonly deps?: Partial<CliDeps>;
  /** Called with everything written so far, after every write. */
  readonly onOutput?: (stdout: string, stderr: string) => void;
}

export const PACKAGE_DIR = fileURLToPath(new URL('../..', import.meta.url));

/** Runs one command line in this process and collects what it prints. */
export async function runCliHere(argv: readonly string[], options: CliRunOptions = {}): Promise<CliResult> {
  const out = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr'): CliIo['stdout'] => ({
    isTTY: options.isTTY ?? false,
    isUnread: options.isUnread ?? false,
    columns: 120,
    write(text) {
      out[name] += text;
      options.onOutput?.(out.stdout, out.stderr);
    },
  });
  const io: CliIo = {
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    env: options.env ?? {},
    interrupt: options.interrupt ?? new AbortController().signal,
  };
  const refuse = async (): Promise<never> => {
    throw new Error('this test starts no server');
  };
  const deps: CliDeps = {
    system: realSystem,
    version: '0.0.0-test',
    packageDir: PACKAGE_DIR,
    startServer: refuse,
    backup: refuse,
    restore: refuse,
    examine: refuse,
    ...options.deps,
  };
  const exitCode = await runCli(argv, io, deps);
  return { exitCode, ...out };
}
