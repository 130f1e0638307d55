/**
 * The yardstick for a first sync: the rows that it made, copied by PostgreSQL from files into the same final tables of an
 * empty database: logged, with their keys, indexes and foreign keys. Row-level security is off there, since COPY refuses it.
 */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';

import { connectionStringFor } from '#storage/connection-string.ts';
import { migrate } from '#storage/migrate.ts';
import { prepareRoles } from '#storage/roles.ts';
import { TEST_APP_PASSWORD } from '#test/helpers/database.ts';

import { cpuSecondsOf, walBytesOf } from './resources.ts';

/** In an order that foreign keys allow. */
const TABLES = [
  'org',
  'academic_session',
  'course',
  'class',
  'person',
  'demographics',
  'account',
  'link',
  'role',
  'enrollment',
] as const;

export interface BareCopyResult {
  readonly seconds: number;
  readonly rows: number;
  readonly walBytes: number;
  /** Of the whole server meanwhile. */
  readonly cpuSeconds: number;
}

/** Of the rows of a synced database, into another one beside it that is dropped afterwards. The files stand in the directory meanwhile. */
export async function bareCopyOf(
  directory: string,
  server: { readonly url: string; readonly pid: number },
  source: string,
): Promise<BareCopyResult> {
  const target = await createDatabase(server.url, 'bare');
  const exchange = join(directory, 'copy');
  try {
    const address = await prepareRoles({ url: target, appPassword: TEST_APP_PASSWORD, serverIsOurs: true });
    await migrate(address.ownerConnectionString);
    await mkdir(exchange, { recursive: true });
    await chmod(exchange, 0o777);
    return await measureBareCopy(source, target, exchange, server.pid);
  } finally {
    await rm(exchange, { recursive: true, force: true });
    await atServer(server.url, (client) => client.query('drop database bare'));
  }
}

/** `source`: a superuser's address of the synced database; `target`: of a migrated, empty one on the same server. `folder`: the server can write there. */
async function measureBareCopy(
  source: string,
  target: string,
  folder: string,
  postmasterPid: number,
): Promise<BareCopyResult> {
  await settle(source);
  const reader = new Client({ connectionString: source });
  await reader.connect();
  try {
    for (const table of TABLES) await reader.query(`copy rollbook.${table} to '${folder}/${table}.copy'`);
    for (const table of ['tenant', 'source_system'])
      await reader.query(`copy rollbook.${table} to '${folder}/${table}.copy'`);
  } finally {
    await reader.end();
  }
  const writer = new Client({ connectionString: target });
  await writer.connect();
  try {
    for (const table of [...TABLES, 'tenant', 'source_system'])
      await writer.query(`alter table rollbook.${table} disable row level security`);
    for (const table of ['tenant', 'source_system'])
      await writer.query(`copy rollbook.${table} from '${folder}/${table}.copy'`);
    await writer.query('checkpoint');
    let rows = 0;
    const walBefore = await walBytesOf(writer);
    const cpuBefore = await cpuSecondsOf(postmasterPid);
    const started = performance.now();
    await writer.query('begin');
    for (const table of TABLES) {
      const result = await writer.query(`copy rollbook.${table} from '${folder}/${table}.copy'`);
      rows += result.rowCount ?? 0;
    }
    await writer.query('commit');
    const seconds = (performance.now() - started) / 1000;
    return {
      seconds,
      rows,
      walBytes: (await walBytesOf(writer)) - walBefore,
      cpuSeconds: (await cpuSecondsOf(postmasterPid)) - cpuBefore,
    };
  } finally {
    await writer.end();
  }
}

/**
 * What a sync leaves to the server (pages to be written, tables to be cleaned up) would be counted as the time of what comes next. Days lie between the syncs of an
 * authority: here everything is done at once that PostgreSQL does by itself within minutes (db/migrations/0024).
 */
export async function settle(database: string): Promise<void> {
  const client = new Client({ connectionString: database });
  await client.connect();
  try {
    await client.query('vacuum (analyze)');
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}

/** Makes a database beside another one, unless it is there. */
export async function createDatabase(server: string, name: string): Promise<string> {
  await atServer(server, async (client) => {
    const { rows } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rows.length === 0) await client.query(`create database ${name}`);
  });
  return connectionStringFor(server, { database: name });
}

async function atServer(server: string, act: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: connectionStringFor(server, { database: 'postgres' }) });
  await client.connect();
  try {
    await act(client);
  } finally {
    await client.end();
  }
}
