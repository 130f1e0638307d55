import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, join, relative } from 'node:path';
import { Client } from 'pg';
import { messageOf, OperationalError } from '#lib/errors.ts';
import { prepareDataDirectory } from '../data-directory.ts';
import { isProcessAlive } from '../process-identity.ts';
import { syncDirectory } from '../sync-directory.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import {
  claimSystemHome,
  type ClusterHome,
  createClusterHome,
  makeLogDirectory,
  makeSocketDirectory,
  readClusterHome,
  SYSTEM_DIRECTORY,
  writeClusterFile,
} from './cluster-home.ts';
import { keepRunning } from './keep-running.ts';
import { endLeftoverServer, type Postmaster, readPostmaster, stopServer } from './leftover-server.ts';
import { runProgram, type ServiceUser } from './run-program.ts';
import { findServiceUser, runsAsRoot } from './service-user.ts';
import { type ListenAddress, serverSettings } from './server-settings.ts';

/** An embedded PostgreSQL that runs. */
export interface PostgresServer {
  /** Superuser, database rollbook. Holds the password: never log it. */
  readonly url: string;
  /** Another one once it was started again. */
  readonly pid: number;
  /** Stops it in order. Repeated calls wait for the first. */
  stop(): Promise<void>;
}

export interface StartPostgresOptions {
  /** False only in tests: faster, and a crash of the machine may destroy the cluster. */
  readonly durable?: boolean;
  /** A Unix socket where possible, which is the default, or always a free TCP port of 127.0.0.1. */
  readonly listen?: 'socket' | 'tcp';
  /** Told what takes time, one sentence each. */
  readonly onProgress?: (sentence: string) => void;
  /** It is started again when somebody else has ended it. */
  readonly keepRunning?: boolean;
  /** Told when that happens, and when it fails. */
  readonly onTrouble?: (sentence: string) => void;
}

const SUPERUSER = 'postgres';
const DATABASE = 'rollbook';

/**
 * Starts the PostgreSQL of a data directory and makes it first where it is missing. A server left behind by a killed Rollbook is
 * ended before. The caller holds the lock of the data directory (data-directory-lock.ts).
 */
export async function startPostgres(
  dataDir: string,
  options: StartPostgresOptions = {},
): Promise<PostgresServer> {
  const durable = options.durable ?? true;
  await prepareDataDirectory(dataDir);
  let home = await readClusterHome(dataDir);
  const user = await findServiceUser(home?.cluster ?? join(dataDir, 'postgres', 'cluster'));
  if (home === undefined) home = await createClusterHome(dataDir, user);
  else await claimSystemHome(dataDir, home.directory);
  const copies = runsAsRoot() ? SYSTEM_DIRECTORY : home.directory;
  const binaries = await findBinaries(user, copies);
  await makeCluster(dataDir, home, binaries, user, durable, options.onProgress);
  await endLeftoverServer(home.cluster, binaries, user);
  const socketDirectory = options.listen === 'tcp' ? undefined : await makeSocketDirectory(home, user);
  const started: StartedServer = { home, binaries, user, durable, socketDirectory };
  const postmaster = await launch(started);
  const url = await readServerUrl(home);
  if (url === undefined) throw stoppedAtOnce();
  await createDatabase(url);
  return ownServer(url, postmaster, started, options);
}

/** What starts it again. */
interface StartedServer {
  readonly home: ClusterHome;
  readonly binaries: Binaries;
  readonly user: ServiceUser | undefined;
  readonly durable: boolean;
  /** Undefined: it listens at a port. */
  readonly socketDirectory: string | undefined;
}

async function ownServer(
  url: string,
  postmaster: Postmaster,
  started: StartedServer,
  options: StartPostgresOptions,
): Promise<PostgresServer> {
  const { home, binaries, user } = started;
  let { pid } = postmaster;
  // When this process ends without stop(), the server is told to shut down and does so alone. Not on Windows, where
  // every signal kills; the next start ends it there.
  const signalAtExit = (): void => {
    if (process.platform !== 'win32' && isProcessAlive(pid)) process.kill(pid, 'SIGINT');
  };
  process.once('exit', signalAtExit);
  const watch =
    options.keepRunning === true
      ? await keepRunning({
          pid: () => pid,
          async restart() {
            await endLeftoverServer(home.cluster, binaries, user);
            ({ pid } = await launch(started, postmaster.port));
          },
          onTrouble: options.onTrouble,
          onRestarted: options.onProgress,
        })
      : undefined;
  const stop = async (): Promise<void> => {
    await watch?.end();
    await stopServer(home.cluster, binaries, user);
  };
  let stopping: Promise<void> | undefined;
  return {
    url,
    get pid() {
      return pid;
    },
    stop() {
      stopping ??= stop().finally(() => {
        process.removeListener('exit', signalAtExit);
      });
      return stopping;
    },
  };
}

function stoppedAtOnce(): OperationalError {
  return new OperationalError('PostgresStartFailed', 'PostgreSQL stopped right after its start.');
}

/**
 * How to reach the embedded server of a data directory as superuser while another process runs it.
 * Undefined when none runs.
 */
export async function findRunningPostgres(dataDir: string): Promise<string | undefined> {
  const home = await readClusterHome(dataDir);
  if (home === undefined) return undefined;
  const postmaster = await readPostmaster(home.cluster);
  if (postmaster === undefined || !isProcessAlive(postmaster.pid)) return undefined;
  return readServerUrl(home);
}

async function readServerUrl(home: ClusterHome): Promise<string | undefined> {
  const postmaster = await readPostmaster(home.cluster);
  if (postmaster === undefined) return undefined;
  const password = encodeURIComponent(home.superuserPassword);
  const { port, socketDirectory } = postmaster;
  return socketDirectory === ''
    ? `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${DATABASE}`
    : `postgresql://${SUPERUSER}:${password}@localhost:${port}/${DATABASE}?host=${encodeURIComponent(socketDirectory)}`;
}

async function makeCluster(
  dataDir: string,
  home: ClusterHome,
  binaries: Binaries,
  user: ServiceUser | undefined,
  durable: boolean,
  onProgress?: (sentence: string) => void,
): Promise<void> {
  const version = await readFile(join(home.cluster, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (version !== undefined) {
    if (Number(version) === binaries.majorVersion) return;
    throw new OperationalError(
      'PostgresVersionChanged',
      `The database in ${home.cluster} was made by PostgreSQL ${version.trim()}, this Rollbook brings ${binaries.majorVersion}. ` +
        'Run "rollbook backup" with the Rollbook that made it, then "rollbook restore" with this one into a new data directory.',
    );
  }
  await refuseLostCluster(dataDir, home);
  onProgress?.('Making the database');
  const unfinished = `${home.cluster}.new`;
  await rm(unfinished, { recursive: true, force: true });
  const passwordFile = join(home.directory, 'password.txt');
  await writeClusterFile(passwordFile, home.superuserPassword, user);
  // Relative names, because initdb puts them into lines for a shell.
  const made = await runProgram(
    binaries.initdb,
    [
      '-D',
      basename(unfinished),
      '-U',
      SUPERUSER,
      '--auth=scram-sha-256',
      `--pwfile=${basename(passwordFile)}`,
      '--data-checksums',
      '--encoding=UTF8',
      // Code point order and Unicode case mapping, the same on every system and in every version of its libraries.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      ...(durable ? [] : ['--no-sync']),
    ],
    { user, cwd: home.directory, timeoutMs: 600_000 },
  );
  await rm(passwordFile, { force: true });
  if (made.exitCode !== 0)
    throw new OperationalError(
      'PostgresInitFailed',
      `The database could not be made in ${home.directory}: ${made.output}`,
    );
  const mainSettings = join(unfinished, 'postgresql.conf');
  const text = await readFile(mainSettings, 'utf8');
  await writeClusterFile(mainSettings, `${text}\ninclude 'rollbook.conf'\n`, user);
  await rename(unfinished, home.cluster);
  await syncDirectory(home.directory);
}

/** An empty new database in the place of a lost one would look like a loss of everything: say it instead. */
async function refuseLostCluster(dataDir: string, home: ClusterHome): Promise<void> {
  const leftOvers = await readdir(home.directory).catch(() => undefined);
  const wasThere = leftOvers === undefined || leftOvers.includes('log') || leftOvers.includes('cluster');
  if (!wasThere) return;
  throw new OperationalError(
    'PostgresClusterMissing',
    `${join(dataDir, 'postgres.json')} says that the database is in ${home.cluster}, and it is not there. ` +
      `Put it back; or, to begin with an empty database, remove ${dataDir} and restore a backup.`,
  );
}

/** `port`: where it has to listen, if it has no socket; any free one otherwise. */
async function launch(
  { home, binaries, user, durable, socketDirectory }: StartedServer,
  port?: number,
): Promise<Postmaster> {
  await makeLogDirectory(home, user);
  const log = join(home.logDirectory, 'start.log');
  let output = '';
  for (let attempt = 1; attempt <= 20; attempt += 1) {
    const listen: ListenAddress =
      socketDirectory === undefined ? { port: port ?? (await findFreePort()) } : { socketDirectory };
    await writeClusterFile(join(home.cluster, 'rollbook.conf'), await serverSettings(listen, durable), user);
    await rm(log, { force: true });
    // Relative names, because pg_ctl puts them into a line for a shell. An hour: recovery after a crash may take its time.
    const args = [
      'start',
      '-D',
      basename(home.cluster),
      '-l',
      relative(home.directory, log),
      '-w',
      '-t',
      '3600',
      '-s',
    ];
    const started = await runProgram(binaries.pgCtl, args, {
      user,
      cwd: home.directory,
      timeoutMs: 3_660_000,
    });
    if (started.exitCode === 0) {
      const postmaster = await readPostmaster(home.cluster);
      if (postmaster === undefined) throw stoppedAtOnce();
      return postmaster;
    }
    output = (await readNewestLog(home.logDirectory)) || started.output;
    // Two faults that pass: processes of a killed server still end, or somebody took the port meanwhile.
    if (!/shared memory block|Address already in use/i.test(output)) break;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  throw new OperationalError(
    'PostgresStartFailed',
    `PostgreSQL did not start (logs in ${home.logDirectory}): ${output.trim()}`,
  );
}

/** The end of what the server said last: in start.log until it opens its own log. */
async function readNewestLog(directory: string): Promise<string> {
  let newest = { mtimeMs: 0, path: '' };
  for (const name of await readdir(directory).catch(() => [])) {
    const path = join(directory, name);
    const { mtimeMs, size } = await stat(path);
    if (size > 0 && mtimeMs > newest.mtimeMs) newest = { mtimeMs, path };
  }
  return newest.path === '' ? '' : (await readFile(newest.path, 'utf8')).slice(-2000);
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => {
        resolve(port);
      });
    });
  });
}

async function createDatabase(url: string): Promise<void> {
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const client = new Client({ connectionString: maintenance.href, connectionTimeoutMillis: 30_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (rows.length === 0) await client.query(`create database ${DATABASE}`);
  } catch (error) {
    throw new OperationalError(
      'PostgresStartFailed',
      `PostgreSQL started but does not let Rollbook in: ${messageOf(error)}`,
      { cause: error },
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}
