import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, type ClientBase, DatabaseError } from 'pg';
import { assert, must } from '#lib/assert.ts';
import { messageOf, OperationalError } from '#lib/errors.ts';

/** One file of db/migrations. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file's text with LF line ends, hexadecimal. */
  readonly hash: string;
  /** Processes that do not know this migration must not write any more: `-- needs 0019` in its first line. 0: the release before can live with it. */
  readonly needs: number;
}

export interface MigrationReport {
  /** Names of the migrations that this call applied. */
  readonly applied: readonly string[];
  /** Number of the newest migration the database has now. */
  readonly schemaVersion: number;
}

export const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('../../db/migrations/', import.meta.url));

/** Any number will do, as long as all Rollbooks agree on it. */
const MIGRATION_LOCK = 7_016_551_204;

/** Reads `0001-name.sql`, ... in the order of their numbers. */
export async function readMigrations(directory: string = MIGRATIONS_DIRECTORY): Promise<Migration[]> {
  const migrations: Migration[] = [];
  for (const file of (await readdir(directory)).sort()) {
    const match = /^(\d{4})-([a-z0-9-]+)\.sql$/.exec(file);
    if (match === null) continue;
    const sql = (await readFile(join(directory, file), 'utf8')).replaceAll('\r\n', '\n');
    const hash = createHash('sha256').update(sql).digest('hex');
    const number = Number(match[1]);
    const needs = Number(/^-- needs (\d{4})\b/.exec(sql)?.[1] ?? '0');
    assert(needs <= number, 'a migration can only need what is there by then');
    migrations.push({ number, name: file.slice(0, -'.sql'.length), sql, hash, needs });
  }
  return migrations;
}

/**
 * Brings the database to the newest schema, as rollbook_owner, one transaction per migration, under a lock: any number
 * of processes may start at once. Then makes the partitions of this month and the next.
 * Throws OperationalError `SchemaTooNew` when a newer Rollbook was here, `MigrationChanged` when an applied file was edited.
 */
export async function migrate(
  ownerConnectionString: string,
  options: { directory?: string; upTo?: number } = {},
): Promise<MigrationReport> {
  const migrations = (await readMigrations(options.directory)).filter(
    (migration) => options.upTo === undefined || migration.number <= options.upTo,
  );
  const client = new Client({
    connectionString: ownerConnectionString,
    application_name: 'rollbook migrate',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await lockMigrations(client);
    await inOwnTransaction(client, () => createHistory(client));
    const known = await readHistory(client);
    refuseForeignHistory(known, migrations);
    const applied: string[] = [];
    for (const migration of migrations) {
      if (known.has(migration.number)) continue;
      await applyMigration(client, migration);
      applied.push(migration.name);
    }
    const schemaVersion = Math.max(0, ...migrations.map((migration) => migration.number));
    if (schemaVersion > 0) await client.query('select ensure_partitions(now())');
    return { applied, schemaVersion };
  } finally {
    // The end of the session frees the lock.
    await client.end();
  }
}

/** Held until the session ends: whoever changes the schema does it alone. */
export async function lockMigrations(client: ClientBase): Promise<void> {
  await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
}

/** Makes the two schemas and the list of migrations where they are missing. The caller holds a transaction. */
export async function createHistory(client: ClientBase): Promise<void> {
  await client.query(`
    create schema if not exists rollbook;
    create schema if not exists bulk;
    create table if not exists rollbook.schema_migration (
      number      integer primary key,
      name        text not null,
      hash        text not null,
      applied_at  timestamptz not null default now()
    );
    comment on table rollbook.schema_migration is 'Which files of db/migrations this database has, with their SHA-256.'`);
}

async function readHistory(client: ClientBase): Promise<Map<number, { name: string; hash: string }>> {
  const { rows } = await client.query<{ number: number; name: string; hash: string }>(
    'select number, name, hash from schema_migration',
  );
  return new Map(rows.map((row) => [row.number, row]));
}

function refuseForeignHistory(
  known: ReadonlyMap<number, { name: string; hash: string }>,
  migrations: readonly Migration[],
): void {
  const filesByNumber = new Map(migrations.map((migration) => [migration.number, migration]));
  for (const [number, row] of known) {
    const file = filesByNumber.get(number);
    if (file === undefined) {
      throw new OperationalError(
        'SchemaTooNew',
        `The database has the migration ${row.name}, which this version of Rollbook does not know: a newer version has used it. ` +
          `Start that version or a later one; to go back, restore a backup made with this version into a new database.`,
      );
    }
    if (file.hash !== row.hash) {
      throw new OperationalError(
        'MigrationChanged',
        `The file db/migrations/${file.name}.sql is not the one this database was made with. Migrations are frozen: ` +
          `put the file back as it was released. (In development: use a new data directory.)`,
      );
    }
  }
}

/**
 * Older processes may be at work meanwhile. Whoever needs a lock waits for it a moment only, since all others wait behind it; a long
 * transaction, such as a large plan, is given time to end.
 */
async function applyMigration(client: ClientBase, migration: Migration): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await inOwnTransaction(client, async () => {
        await client.query(`set local lock_timeout = '${LOCK_WAIT_SECONDS}s'`);
        // Before any other table: see require_schema in migration 0019.
        await client.query('lock table rollbook.schema_migration in access exclusive mode');
        await runMigration(client, migration);
      });
      return;
    } catch (error) {
      if (isInTheWay(error) && attempt < LOCK_ATTEMPTS) {
        await client.query('select pg_sleep(1)');
        continue;
      }
      throw migrationFailed(migration, error);
    }
  }
}

const LOCK_WAIT_SECONDS = 3;
const LOCK_ATTEMPTS = 75;

/** lock_not_available and deadlock_detected: a transaction of another process. */
function isInTheWay(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '55P03' || error.code === '40P01');
}

function migrationFailed(migration: Migration, error: unknown): OperationalError {
  const advice = isInTheWay(error)
    ? ' Another process held its tables all the time: stop the workers of the older version and start again.'
    : '';
  return new OperationalError(
    'MigrationFailed',
    `The migration ${migration.name} failed, nothing of it was kept: ${messageOf(error)}.${advice}`,
    { cause: error },
  );
}

/** Runs one migration and notes it. The caller holds a transaction. */
export async function runMigration(client: ClientBase, migration: Migration): Promise<void> {
  await client.query('set local search_path = rollbook');
  await client.query(migration.sql);
  await client.query('insert into schema_migration (number, name, hash) values ($1, $2, $3)', [
    migration.number,
    migration.name,
    migration.hash,
  ]);
  // The column came with 0019; before that nothing needs anything.
  if (migration.needs > 0) {
    const { number, needs } = migration;
    await client.query('update schema_migration set needs = $2 where number = $1', [number, needs]);
  }
}

async function inOwnTransaction(client: ClientBase, work: () => Promise<void>): Promise<void> {
  await client.query('begin');
  try {
    await work();
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** The newest migration of a database, 0 when it has none. */
export async function readSchemaVersion(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    'select coalesce(max(number), 0) as version from schema_migration',
  );
  return must(rows[0]).version;
}
