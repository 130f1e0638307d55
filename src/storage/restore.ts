import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { must } from '#lib/assert.ts';
import { messageOf, OperationalError } from '#lib/errors.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import { type CopyProgress, secretKeyFingerprint } from './backup.ts';
import { type BackupHeader, type BackupTable, type CheckedBackup, openBackup } from './backup-file.ts';
import type { DatabaseAddress } from './database.ts';
import {
  createHistory,
  lockMigrations,
  migrate,
  type Migration,
  readMigrations,
  runMigration,
} from './migrate.ts';

export interface RestoreOptions {
  readonly secretBox: Pick<SecretBox, 'deriveKey'>;
  /** Replace a database that has tenants. What was in it is gone once the restore has succeeded, and whole when it has not. */
  readonly force?: boolean;
  /** How long to wait for others to let go of the tables; 15 seconds by default. */
  readonly lockTimeoutMs?: number;
  /** Told when a table begins and at the end. */
  readonly onProgress?: (progress: CopyProgress) => void;
  /** Of the migrations; tests have others. */
  readonly directory?: string;
}

export interface RestoreReport {
  readonly rows: number;
  readonly createdAt: string;
  /** What the administrator has to know, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Makes the database what it was when the backup was written, and brings it to the newest schema. No other Rollbook may work on it.
 *
 * One transaction drops our schemas, makes them again as they were at the backup's version, loads, counts and migrates: whatever goes wrong,
 * the database is as it was. (Loading beside existing rows was rejected: two histories of one directory cannot be merged.)
 * Throws OperationalError: `BackupDamaged`, `BackupTooNew`, `MigrationChanged`, `DatabaseNotEmpty`, `DatabaseBusy`, `RestoreFailed`.
 */
export async function restore(
  address: Pick<DatabaseAddress, 'ownerConnectionString'>,
  path: string,
  options: RestoreOptions,
): Promise<RestoreReport> {
  const source = await openBackup(path);
  const { header } = source;
  const known = await readMigrations(options.directory);
  const migrations = migrationsOf(header, known);
  const client = new Client({
    connectionString: address.ownerConnectionString,
    application_name: 'rollbook restore',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await lockMigrations(client);
    if (options.force !== true) await refuseTenants(client);
    await client.query('begin');
    try {
      // Somebody else's open transaction would let the drop wait for ever, and everybody else behind it.
      await client.query(`set local lock_timeout = ${options.lockTimeoutMs ?? 15_000}`);
      await replaceSchema(client, header, migrations);
      await loadTables(client, source, options.onProgress);
      await leaveOldTimeline(client);
      for (const migration of known)
        if (!migrations.includes(migration)) await runMigration(client, migration);
      await endOldLinks(client);
      await client.query('commit');
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw asRestoreError(error);
    }
  } finally {
    await client.end();
  }
  // The partitions of today; a start makes them as well.
  await migrate(
    address.ownerConnectionString,
    options.directory === undefined ? {} : { directory: options.directory },
  );
  const warnings: string[] = [];
  if (header.secretKeyFingerprint !== secretKeyFingerprint(options.secretBox)) {
    warnings.push(
      'The backup was made with another SECRET_KEY than the newest one here. Without that key the passwords, connection secrets, signing keys and upload files in it ' +
        'cannot be read: give Rollbook the SECRET_KEY (or the file secret.key of the data directory) that belongs to the backup.',
    );
  }
  return {
    rows: header.tables.reduce((sum, table) => sum + table.rows, 0),
    createdAt: header.createdAt,
    warnings,
  };
}

/** The files of db/migrations that the backup's database had; they must be the very same. */
function migrationsOf(header: BackupHeader, known: readonly Migration[]): Migration[] {
  const byNumber = new Map(known.map((migration) => [migration.number, migration]));
  return header.migrations.map(({ number, name, hash }) => {
    const migration = byNumber.get(number);
    if (migration === undefined) {
      throw new OperationalError(
        'BackupTooNew',
        `The backup was made by a newer Rollbook (it has the migration ${name}): restore it with that version or a later one.`,
      );
    }
    if (migration.hash !== hash) {
      throw new OperationalError(
        'MigrationChanged',
        `The backup was made with another text of db/migrations/${migration.name}.sql: restore it with the Rollbook that made it.`,
      );
    }
    return migration;
  });
}

async function refuseTenants(client: Client): Promise<void> {
  const { rows } = await client.query<{ tables: number }>(
    "select count(*)::int as tables from pg_tables where schemaname = 'rollbook' and tablename = 'tenant'",
  );
  if (must(rows[0]).tables === 0) return;
  const { rowCount } = await client.query('select 1 from tenant limit 1');
  if (rowCount === 0) return;
  throw new OperationalError(
    'DatabaseNotEmpty',
    'The database has tenants already; a restore replaces everything in it. Restore into a new data directory, or say --force.',
  );
}

async function replaceSchema(
  client: Client,
  header: BackupHeader,
  migrations: readonly Migration[],
): Promise<void> {
  await client.query('drop schema if exists graphile_worker, rollbook, bulk cascade');
  await createHistory(client);
  for (const migration of migrations) await runMigration(client, migration);
  await client.query('set local search_path = rollbook');
  for (const month of header.partitionMonths) {
    await client.query('select ensure_partitions($1::timestamptz)', [`${month}T00:00:00Z`]);
  }
}

async function loadTables(
  client: Client,
  source: CheckedBackup,
  onProgress: ((progress: CopyProgress) => void) | undefined,
): Promise<void> {
  const { tables } = source.header;
  const foreignKeys = await dropForeignKeys(client);
  const rowsTotal = tables.reduce((sum, table) => sum + table.rows, 0);
  let rowsDone = 0;
  for (const table of tables) {
    onProgress?.({ table: table.name, rowsDone, rowsTotal });
    await loadTable(client, table, source);
    rowsDone += table.rows;
  }
  for (const statement of foreignKeys) await client.query(statement);
  onProgress?.({ table: '', rowsDone, rowsTotal });
}

/** Checked once for a whole table when they are made again, instead of row by row: ten times faster. Answers how to make them. */
async function dropForeignKeys(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ relation: string; name: string; definition: string }>(`
    select conrelid::regclass::text as relation, quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
    from pg_constraint
    where contype = 'f' and conparentid = 0 and connamespace in ('rollbook'::regnamespace, 'bulk'::regnamespace)
    order by 1, 2`);
  for (const { relation, name } of rows)
    await client.query(`alter table ${relation} drop constraint ${name}`);
  return rows.map(
    ({ relation, name, definition }) => `alter table ${relation} add constraint ${name} ${definition}`,
  );
}

/**
 * What happened after the backup was written has not happened; but files, clients and workers may remember it. Snapshot files of that time
 * must not be taken for current ones, a change after the restore must not get a number that a client has seen already, and a worker that
 * was at a run then must not go on with it: it would leave out what it applied after the backup. By the clock, so that the numbers are others
 * after each restore of one backup.
 */
async function leaveOldTimeline(client: Client): Promise<void> {
  await client.query(`
    insert into snapshot_state (tenant_id, source_system_id, generation)
      select tenant_id, id, (extract(epoch from clock_timestamp()) * 1000000)::bigint from source_system
      on conflict (tenant_id, source_system_id) do update set generation = excluded.generation;
    update tenant_counter
      set change_seq = greatest(change_seq + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint);
    update run set epoch = greatest(epoch + 1, (extract(epoch from clock_timestamp() - timestamptz '2026-01-01'))::integer),
        lease_owner = null, lease_expires_at = null
      where state not in ('completed', 'superseded', 'cancelled', 'rejected')`);
}

/** Links of before lead to a history that is not: who follows changes begins again. At the newest schema. */
async function endOldLinks(client: Client): Promise<void> {
  await client.query('update tenant_counter set restored_seq = change_seq');
}

/** COPY does not load tables with row-level security; the owner is let off for the moment, inside this transaction. */
async function loadTable(client: Client, table: BackupTable, source: CheckedBackup): Promise<void> {
  const { rows } = await client.query<{ forced: boolean }>(
    'select relforcerowsecurity as forced from pg_class where oid = $1::regclass',
    [table.name],
  );
  const forced = rows[0]?.forced === true;
  if (forced) await client.query(`alter table ${table.name} no force row level security`);
  const copy = client.query(copyFrom(`copy ${table.name} (${table.columns.join(', ')}) from stdin`));
  await pipeline(Readable.from(source.rowsOf(table), { objectMode: false }), copy);
  if (forced) await client.query(`alter table ${table.name} force row level security`);
  const counted = await client.query<{ rows: string }>(`select count(*) as rows from ${table.name}`);
  const count = Number(must(counted.rows[0]).rows);
  if (count !== table.rows) {
    throw new OperationalError(
      'RestoreFailed',
      `${table.name} has ${count} rows after loading, the backup says ${table.rows}: nothing was restored.`,
    );
  }
}

const LOCK_NOT_AVAILABLE = '55P03';

function asRestoreError(error: unknown): OperationalError {
  if (error instanceof OperationalError) return error;
  if ((error as { code?: unknown }).code === LOCK_NOT_AVAILABLE) {
    return new OperationalError(
      'DatabaseBusy',
      'Another Rollbook works on this database: stop it and restore again. Nothing was changed.',
      { cause: error },
    );
  }
  return new OperationalError(
    'RestoreFailed',
    `The restore failed and nothing was changed: ${messageOf(error)}`,
    { cause: error },
  );
}
