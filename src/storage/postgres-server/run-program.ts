import { spawn } from 'node:child_process';

/** A user of the operating system, by number. */
export interface ServiceUser {
  readonly uid: number;
  readonly gid: number;
}

export interface ProgramResult {
  /** Null when a signal or the time limit ended it, or when it could not be started. */
  readonly exitCode: number | null;
  /** Standard output and error together, the last 64 KiB. */
  readonly output: string;
}

const KEPT_OUTPUT = 65_536;

/**
 * Runs a program to its end, never through a shell. `user`: as whom (only root may say so). The environment is ours without
 * any PG* variable, since those would redirect PostgreSQL's programs.
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: { user?: ServiceUser | undefined; cwd?: string; timeoutMs?: number } = {},
): Promise<ProgramResult> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^PG[A-Z]/.test(name)));
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(file, args, {
      ...(options.user === undefined ? {} : { uid: options.user.uid, gid: options.user.gid }),
      cwd: options.cwd ?? '/',
      env: { ...env, LC_ALL: 'C', LANGUAGE: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      timeout: options.timeoutMs ?? 120_000,
      killSignal: 'SIGKILL',
    });
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (error) => {
      resolve({ exitCode: null, output: `${output}${error.message}` });
    });
    // Not 'close': a server that was started inherits the pipes on some systems and holds them open for hours.
    child.once('exit', (exitCode) => {
      setImmediate(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ exitCode, output: output.trim() });
      });
    });
  });
}
