import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationalError } from '#lib/errors.ts';
import { isProcessAlive } from '../process-identity.ts';
import type { Binaries } from './binaries.ts';
import { runProgram, type ServiceUser } from './run-program.ts';

/** What postmaster.pid says about a server that runs, or ran. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** Empty: it has no Unix socket. */
  readonly socketDirectory: string;
}

/** Undefined when no server was started, or it was stopped in order. */
export async function readPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => undefined);
  const [pid, , , port, socketDirectory] = (text ?? '').split('\n');
  if (pid === undefined || !(Number(pid) > 0)) return undefined;
  return { pid: Number(pid), port: Number(port), socketDirectory: (socketDirectory ?? '').trim() };
}

/**
 * Ends the server that a killed Rollbook left behind, so that the new one starts with current settings and without old
 * sessions. The caller holds the lock of the data directory: nobody else can be using that server.
 * A postmaster.pid whose number now belongs to another program (after a reboot, in a new container) is removed.
 */
export async function endLeftoverServer(
  cluster: string,
  binaries: Binaries,
  user: ServiceUser | undefined,
): Promise<void> {
  const postmaster = await readPostmaster(cluster);
  if (postmaster === undefined) return;
  if (await isServerOf(postmaster.pid, cluster)) {
    await stopServer(cluster, binaries, user);
    return;
  }
  // The postmaster is gone; its sessions notice and end. While one lives, nobody else may touch the files.
  await waitForSessions(cluster);
  // PostgreSQL handles the files of a dead postmaster, unless its number is taken: by somebody else, or still by itself where nobody waits for the dead.
  if (!isProcessAlive(postmaster.pid)) return;
  await rm(join(cluster, 'postmaster.pid'), { force: true });
  const { port, socketDirectory } = postmaster;
  if (socketDirectory !== '') await rm(join(socketDirectory, `.s.PGSQL.${port}.lock`), { force: true });
}

/** Waits until no process works in that directory. Only Linux can tell; elsewhere PostgreSQL's own check must do. */
async function waitForSessions(cluster: string): Promise<void> {
  if (process.platform !== 'linux') return;
  const directory = await realpath(cluster);
  for (let attempt = 1; attempt <= 600; attempt += 1) {
    const sessions: number[] = [];
    for (const name of await readdir('/proc')) {
      if (/^\d+$/.test(name) && (await readlink(`/proc/${name}/cwd`).catch(() => '')) === directory)
        sessions.push(Number(name));
    }
    if (sessions.length === 0) return;
    // After ten seconds they are asked to go at once, as a postmaster would ask them.
    if (attempt === 100) for (const pid of sessions) if (isProcessAlive(pid)) process.kill(pid, 'SIGQUIT');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new OperationalError(
    'PostgresDoesNotStop',
    `Processes of a PostgreSQL server that was killed still work in ${cluster}: end them and start again.`,
  );
}

/** Stops in order; a server that does not answer is stopped hard, which costs it a recovery at the next start and no data. */
export async function stopServer(
  cluster: string,
  binaries: Binaries,
  user: ServiceUser | undefined,
): Promise<void> {
  for (const [mode, seconds] of [
    ['fast', 120],
    ['immediate', 30],
  ] as const) {
    const args = ['stop', '-D', cluster, '-m', mode, '-w', '-t', String(seconds)];
    const { exitCode } = await runProgram(binaries.pgCtl, args, {
      user,
      cwd: cluster,
      timeoutMs: (seconds + 10) * 1000,
    });
    const postmaster = await readPostmaster(cluster);
    if (exitCode === 0 || postmaster === undefined || !isProcessAlive(postmaster.pid)) return;
  }
  const pid = (await readPostmaster(cluster))?.pid;
  if (pid === undefined || !(await isServerOf(pid, cluster))) return;
  process.kill(pid, 'SIGKILL');
  for (let wait = 0; wait < 100; wait += 1) {
    if (!(await isServerOf(pid, cluster))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new OperationalError(
    'PostgresDoesNotStop',
    `The PostgreSQL server of ${cluster} (process ${pid}) does not stop: end it and start again.`,
  );
}

/** A postmaster works in its data directory, which tells it from any other process with a number used again. */
async function isServerOf(pid: number, cluster: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const directory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    return directory !== undefined && directory === (await realpath(cluster));
  }
  const listing =
    process.platform === 'win32'
      ? await runProgram('tasklist', ['/fi', `pid eq ${pid}`, '/fo', 'csv', '/nh'])
      : await runProgram('ps', ['-o', 'command=', '-p', String(pid)]);
  return listing.output.includes('postgres');
}
