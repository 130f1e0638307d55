/**
 * The yardstick for a first sync: the rows that it made, copied by PostgreSQL from files into the same final tables of an
 * empty database: logged, with their keys, indexes and foreign keys. Row-level security is off there, since COPY refuses it.
 */
import { Client } from 'pg';

import { connectionStringFor } from '#storage/connection-string.ts';

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
}

/** `source`: a superuser's address of the synced database; `target`: of a migrated, empty one on the same server. `folder`: the server can write there. */
export async function measureBareCopy(
  source: string,
  target: string,
  folder: string,
): Promise<BareCopyResult> {
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
    const started = performance.now();
    await writer.query('begin');
    for (const table of TABLES) {
      const result = await writer.query(`copy rollbook.${table} from '${folder}/${table}.copy'`);
      rows += result.rowCount ?? 0;
    }
    await writer.query('commit');
    return { seconds: (performance.now() - started) / 1000, rows };
  } finally {
    await writer.end();
  }
}

/** Makes a database beside another one. */
export async function createDatabase(server: string, name: string): Promise<string> {
  const client = new Client({ connectionString: connectionStringFor(server, { database: 'postgres' }) });
  await client.connect();
  try {
    await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
  return connectionStringFor(server, { database: name });
}
