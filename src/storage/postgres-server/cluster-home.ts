import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperationalError } from '#lib/errors.ts';
import { replaceFile } from '../replace-file.ts';
import { runProgram, type ServiceUser } from './run-program.ts';
import { runsAsRoot } from './service-user.ts';

/** Where root keeps what the service user must reach and cannot reach in the data directory. */
export const SYSTEM_DIRECTORY = '/var/lib/rollbook';

/** DATA_DIR/postgres.json: how to find and enter the embedded server. Mode 0600. */
export interface ClusterNote {
  /** Absolute, or relative to the data directory (so that the data directory can be moved). */
  readonly home: string;
  readonly superuserPassword: string;
}

/** Where the parts of an embedded server are. */
export interface ClusterHome {
  readonly directory: string;
  /** PostgreSQL's own data directory. */
  readonly cluster: string;
  readonly logDirectory: string;
  readonly superuserPassword: string;
}

const NOTE = 'postgres.json';

/** Undefined when this data directory has no embedded server yet. */
export async function readClusterHome(dataDir: string): Promise<ClusterHome | undefined> {
  const note = await readNote(dataDir);
  return note === undefined ? undefined : homeOf(dataDir, note);
}

function homeOf(dataDir: string, note: ClusterNote): ClusterHome {
  const directory = note.home.startsWith('/') ? note.home : join(dataDir, note.home);
  return {
    directory,
    cluster: join(directory, 'cluster'),
    logDirectory: join(directory, 'log'),
    superuserPassword: note.superuserPassword,
  };
}

async function readNote(dataDir: string): Promise<ClusterNote | undefined> {
  try {
    return JSON.parse(await readFile(join(dataDir, NOTE), 'utf8')) as ClusterNote;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new OperationalError(
      'DataDirectoryUnreadable',
      code === 'EACCES'
        ? `${join(dataDir, NOTE)} belongs to another user: start Rollbook as the user who made the data directory.`
        : `${join(dataDir, NOTE)} cannot be read (${error instanceof Error ? error.message : String(error)}). It holds the password of the database: put it back from a copy.`,
      { cause: error },
    );
  }
}

/** Chooses the home of a new cluster, makes its folders and notes it in the data directory. */
export async function createClusterHome(
  dataDir: string,
  user: ServiceUser | undefined,
): Promise<ClusterHome> {
  const inside = join(dataDir, 'postgres');
  await makePrivateDirectory(inside, user);
  let home = 'postgres';
  if (!(await canWork(inside, user))) {
    await rm(inside, { recursive: true, force: true });
    home = join(SYSTEM_DIRECTORY, randomBytes(6).toString('hex'));
    await mkdir(SYSTEM_DIRECTORY, { recursive: true });
    await chmod(SYSTEM_DIRECTORY, 0o755);
    await makePrivateDirectory(home, user);
    if (!(await canWork(home, user))) {
      await rm(home, { recursive: true, force: true });
      throw new OperationalError(
        'NoPlaceForPostgres',
        `The user that runs PostgreSQL (uid ${user?.uid}) can write neither in ${dataDir} nor in ${SYSTEM_DIRECTORY}. ` +
          'Use another DATA_DIR, start Rollbook as another user than root, or set DATABASE_URL.',
      );
    }
    await claimSystemHome(dataDir, home);
  }
  const note: ClusterNote = { home, superuserPassword: randomBytes(24).toString('base64url') };
  await replaceFile(join(dataDir, NOTE), `${JSON.stringify(note, null, 2)}\n`, 0o600);
  return homeOf(dataDir, note);
}

/**
 * A home outside the data directory belongs to one data directory. A copy of that directory would enter the same database:
 * it is refused while the original is there; a directory that was moved takes its home along.
 */
export async function claimSystemHome(dataDir: string, home: string): Promise<void> {
  if (!home.startsWith(`${SYSTEM_DIRECTORY}/`)) return;
  const claim = join(home, 'data-directory.json');
  const claimed = await readFile(claim, 'utf8').then(
    (text) => (JSON.parse(text) as { dataDir: string }).dataDir,
    () => undefined,
  );
  const ours = await realpath(dataDir);
  if (claimed === ours) return;
  if (claimed !== undefined && (await readNote(claimed))?.home === home) {
    throw new OperationalError(
      'DataDirectoryCopied',
      `${dataDir} is a copy of ${claimed}: both name the database in ${home}. Remove one of them; to copy a Rollbook, use "rollbook backup" and "rollbook restore".`,
    );
  }
  await replaceFile(claim, `${JSON.stringify({ dataDir: ours })}\n`, 0o600);
}

async function makePrivateDirectory(path: string, user: ServiceUser | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  // Some mounted volumes refuse a change of owner; canWork finds out whether that matters.
  if (user !== undefined) await chown(path, user.uid, user.gid).catch(() => undefined);
}

/** Whether the service user really can; asking the system beats computing permissions. */
async function canWork(directory: string, user: ServiceUser | undefined): Promise<boolean> {
  if (!runsAsRoot()) return true;
  const probed = await runProgram('/bin/sh', ['-c', 'cd "$1" && : > .probe', 'sh', directory], { user });
  await rm(join(directory, '.probe'), { force: true });
  return probed.exitCode === 0;
}

/** Makes the folder for logs. */
export async function makeLogDirectory(home: ClusterHome, user: ServiceUser | undefined): Promise<void> {
  await makePrivateDirectory(home.logDirectory, user);
}

/** The longest path of a Unix socket that every system takes (macOS: 104 bytes with the final zero). */
const LONGEST_SOCKET_PATH = 103;
const SOCKET_NAME = '.s.PGSQL.5432';

/**
 * A private folder for the server's Unix socket: in its home, or below the system's temporary folder when that path is too
 * long or its file system has no sockets. Undefined: no Unix sockets here, use TCP.
 */
export async function makeSocketDirectory(
  home: ClusterHome,
  user: ServiceUser | undefined,
): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined;
  const short = `rollbook-${createHash('sha256').update(home.directory).digest('hex').slice(0, 12)}`;
  const candidates = [
    join(home.directory, 'run'),
    join(tmpdir(), short),
    join('/tmp', short),
    join('/tmp', `rollbook-${randomBytes(6).toString('hex')}`),
  ];
  for (const directory of candidates) {
    const socket = join(directory, SOCKET_NAME);
    if (Buffer.byteLength(socket) > LONGEST_SOCKET_PATH) continue;
    if (await makeOwnDirectory(directory, user)) {
      // What a killed server left there; the folder belongs to this cluster alone, whose processes are gone by now.
      await rm(socket, { force: true });
      await rm(`${socket}.lock`, { force: true });
      if (await takesSocket(join(directory, '.s.PGSQL.0000'))) return directory;
    }
  }
  return undefined;
}

/** In a shared temporary folder somebody else may have put something under that name: then it is not used. */
async function makeOwnDirectory(directory: string, user: ServiceUser | undefined): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0o700 });
    if (user !== undefined) await chown(directory, user.uid, user.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
  }
  const found = await lstat(directory).catch(() => undefined);
  const uid = user?.uid ?? process.getuid?.();
  if (found === undefined || !found.isDirectory() || found.uid !== uid) return false;
  return (found.mode & 0o077) === 0 && canWork(directory, user);
}

function takesSocket(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(path, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/** Writes a file of the cluster that only the server's user reads; a link left under that name is not followed. */
export async function writeClusterFile(
  path: string,
  text: string,
  user: ServiceUser | undefined,
): Promise<void> {
  await rm(path, { force: true });
  await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  if (user !== undefined) await chown(path, user.uid, user.gid);
}
