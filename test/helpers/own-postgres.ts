import { basename, join, relative } from 'node:path';

import { Client } from 'pg';

import { must } from '#lib/assert.ts';
import { connectionStringFor } from '#storage/connection-string.ts';
import { type Binaries, findBinaries } from '#storage/postgres-server/binaries.ts';
import {
  type ClusterHome,
  readClusterHome,
  SYSTEM_DIRECTORY,
} from '#storage/postgres-server/cluster-home.ts';
import { runProgram } from '#storage/postgres-server/run-program.ts';
import { findServiceUser, runsAsRoot } from '#storage/postgres-server/service-user.ts';
import { startPostgres } from '#storage/postgres-server/start-postgres.ts';
import { removeDataDirectory, temporaryDirectory } from './data-directory.ts';

/** A PostgreSQL that one test has for itself, to restart it, to break it and to fill its disk. It keeps what it committed. */
export interface OwnPostgres {
  /** Superuser's, of an empty database. */
  readonly url: string;
  /** The folder of the cluster; it belongs to the user that runs PostgreSQL. */
  readonly cluster: string;
  /** fast: sessions are ended and the server stops in order. immediate: as a crash of the server; it recovers at its start. */
  restart(mode: 'fast' | 'immediate'): Promise<void>;
  /** Starts it if it has ended by itself. */
  startAgain(): Promise<void>;
  /** Another empty database, whose tables are in that folder; it belongs to the user that runs PostgreSQL. */
  databaseIn(folder: string): Promise<string>;
  rows<Row = Record<string, unknown>>(sql: string): Promise<Row[]>;
  close(): Promise<void>;
}

/** `directory`: where its data directory is to be, such as a small disk; else a folder that is removed with it. */
export async function startOwnPostgres(directory?: string): Promise<OwnPostgres> {
  const dataDir = join(directory ?? (await temporaryDirectory()), 'data');
  // By TCP, as a server that DATABASE_URL names.
  const server = await startPostgres(dataDir, { listen: 'tcp' });
  const home: ClusterHome = must(await readClusterHome(dataDir));
  const user = await findServiceUser(home.cluster);
  const { pgCtl }: Binaries = await findBinaries(user, runsAsRoot() ? SYSTEM_DIRECTORY : home.directory);
  const log = join(home.logDirectory, 'restart.log');
  const control = async (...args: string[]): Promise<void> => {
    // Named as at the first start: the server keeps its arguments, and they are relative.
    const where = ['-D', basename(home.cluster), '-w', '-l', relative(home.directory, log)];
    const done = await runProgram(pgCtl, [...args, ...where], { user, cwd: home.directory });
    if (done.exitCode !== 0) throw new Error(`pg_ctl ${args.join(' ')}: ${done.output}`);
  };
  const database = 'own';
  const onServer = connectionStringFor(server.url, { database: 'postgres' });
  await ask(onServer, `create database ${database} template template0`);
  const url = connectionStringFor(server.url, { database });
  return {
    url,
    cluster: home.cluster,
    restart: (mode) => control('restart', '-m', mode),
    async startAgain() {
      const answers = await ask(url, 'select 1').catch(() => null);
      if (answers === null) await control('restart', '-m', 'immediate');
    },
    async databaseIn(folder) {
      const name = basename(folder);
      await ask(onServer, `create tablespace ${name} location '${folder}'`);
      await ask(onServer, `create database ${name} template template0 tablespace ${name}`);
      return connectionStringFor(server.url, { database: name });
    },
    rows: <Row>(sql: string) => ask(url, sql) as Promise<Row[]>,
    async close() {
      await server.stop();
      await removeDataDirectory(dataDir);
      if (directory === undefined) await removeDataDirectory(join(dataDir, '..'));
    },
  };
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url, options: '-c search_path=rollbook' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}
