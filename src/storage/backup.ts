import { createWriteStream } from 'node:fs';
import { access, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { to as copyTo } from 'pg-copy-streams';
import { assert, must } from '#lib/assert.ts';
import { messageOf, OperationalError } from '#lib/errors.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import { type BackupHeader, type BackupTable, framesOf, wrapBody } from './backup-file.ts';
import { type Database, inTransaction, type Tx } from './database.ts';
import { syncDirectory } from './sync-directory.ts';

export interface CopyProgress {
  readonly table: string;
  readonly rowsDone: number;
  readonly rowsTotal: number;
}

export interface BackupOptions {
  readonly secretBox: Pick<SecretBox, 'deriveKey'>;
  /** Replace a file that is there. */
  readonly overwrite?: boolean;
  /** Told when a table begins and at the end. */
  readonly onProgress?: (progress: CopyProgress) => void;
}

export interface BackupReport {
  readonly rows: number;
  readonly tables: number;
  readonly sizeBytes: number;
  readonly schemaVersion: number;
}

/**
 * Writes a consistent copy of the database to one file (see backup-file.ts) while the server works on: everything is read in one
 * snapshot. The file appears under its name when it is complete and on the disk; mode 0600, since it holds everybody's data.
 *
 * Not in it: SECRET_KEY (a stolen backup must not open its own secrets; its fingerprint is), the upload files below DATA_DIR, the
 * job queue (made again from the runs), snapshot files (caches).
 * Throws OperationalError `BackupFileExists`, `BackupFailed`.
 */
export async function backup(db: Database, path: string, options: BackupOptions): Promise<BackupReport> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists && options.overwrite !== true)
    throw new OperationalError('BackupFileExists', `${path} exists. Give another name, or say --force.`);
  const unfinished = `${path}.${process.pid}.part`;
  try {
    // Somebody else may have put a file or a link under that name: nothing is written into what we have not made.
    await rm(unfinished, { force: true });
    const header = await inTransaction(db.owner, 'begin isolation level repeatable read read only', (tx) =>
      writeSnapshot(tx, unfinished, options),
    );
    const file = await open(unfinished, 'r+');
    const { size } = await file.stat();
    await file.sync();
    await file.close();
    await rename(unfinished, path);
    await syncDirectory(dirname(path));
    const rows = header.tables.reduce((sum, table) => sum + table.rows, 0);
    return { rows, tables: header.tables.length, sizeBytes: size, schemaVersion: header.schemaVersion };
  } catch (error) {
    await rm(unfinished, { force: true });
    if (error instanceof OperationalError) throw error;
    throw new OperationalError(
      'BackupFailed',
      `The backup was not written: ${messageOf(error)}${remedyOf(error, dirname(path))}`,
      { cause: error },
    );
  }
}

function remedyOf(error: unknown, folder: string): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `. Make the folder ${folder}, or name a file in another one.`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `. Let this user write in ${folder}, or name a file in another folder.`;
    case 'ENOSPC':
    case 'EDQUOT':
      return '. Make room, or name a file on another disk.';
    default:
      return '';
  }
}

/** Names what a key is without giving it away. */
export function secretKeyFingerprint(secretBox: Pick<SecretBox, 'deriveKey'>): string {
  return secretBox.deriveKey('fingerprint of SECRET_KEY in backups', 8).toString('hex');
}

async function writeSnapshot(tx: Tx, path: string, options: BackupOptions): Promise<BackupHeader> {
  const header = await readHeader(tx, secretKeyFingerprint(options.secretBox));
  const rowsTotal = header.tables.reduce((sum, table) => sum + table.rows, 0);
  async function* body(): AsyncGenerator<Buffer> {
    let rowsDone = 0;
    for (const table of header.tables) {
      options.onProgress?.({ table: table.name, rowsDone, rowsTotal });
      yield* framesOf(copyOut(tx, table));
      rowsDone += table.rows;
    }
    options.onProgress?.({ table: '', rowsDone, rowsTotal });
  }
  await pipeline(
    body,
    createGzip({ level: 3 }),
    (packed: AsyncIterable<Buffer>) => wrapBody(header, packed),
    createWriteStream(path, { mode: 0o600, flags: 'wx' }),
  );
  return header;
}

/** COPY of a query, not of a table: that also works for partitioned tables and under row-level security. */
async function* copyOut(tx: Tx, table: BackupTable): AsyncGenerator<Buffer> {
  const stream = tx.client.query(
    copyTo(`copy (select ${table.columns.join(', ')} from ${table.name}) to stdout`),
  );
  let rows = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    for (const byte of part) if (byte === 0x0a) rows += 1;
    yield part;
  }
  assert(rows === table.rows, `${table.name}: ${rows} rows copied, ${table.rows} counted in one snapshot`);
}

async function readHeader(tx: Tx, fingerprint: string): Promise<BackupHeader> {
  const migrations = await tx.query<{ number: number; name: string; hash: string }>(
    'select number, name, hash from schema_migration order by number',
  );
  const [clock] = await tx.query<{ now: Date }>('select now()');
  const months = await tx.query<{ month: string }>(
    `select distinct replace(substring(relname from '\\d{4}_\\d{2}$'), '_', '-') || '-01' as month
     from pg_class where relispartition and relnamespace = 'bulk'::regnamespace and relkind = 'r' and relname ~ '_\\d{4}_\\d{2}$'
     order by 1`,
  );
  const tables: BackupTable[] = [];
  for (const table of await listTables(tx)) {
    const [counted] = await tx.query<{ rows: string }>(`select count(*) as rows from ${table.name}`);
    tables.push({ ...table, rows: Number(must(counted).rows) });
  }
  return {
    format: 1,
    createdAt: must(clock).now.toISOString(),
    schemaVersion: migrations.at(-1)?.number ?? 0,
    migrations,
    secretKeyFingerprint: fingerprint,
    partitionMonths: months.map((row) => row.month),
    tables,
  };
}

/**
 * Every table of ours but the list of migrations and the id of the installation, what is made again as roles and enrollments are loaded (membership_change, active_count), and unlogged ones (they are
 * derived again), in an order in which a table comes after all those its foreign keys name.
 */
async function listTables(tx: Tx): Promise<{ name: string; columns: string[] }[]> {
  const rows = await tx.query<{ name: string; columns: string[]; refers_to: string[] }>(`
    select t.name, t.columns,
      array(select distinct format('%I.%I', n.nspname, f.relname)
            from pg_constraint k join pg_class f on f.oid = k.confrelid join pg_namespace n on n.oid = f.relnamespace
            where k.conrelid = t.oid and k.contype = 'f' and k.confrelid <> t.oid) as refers_to
    from (
      select c.oid, format('%I.%I', n.nspname, c.relname) as name,
        array(select quote_ident(attname) from pg_attribute
              where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '' order by attnum) as columns
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('rollbook', 'bulk') and c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence = 'p'
        and n.nspname || '.' || c.relname not in ('rollbook.schema_migration', 'rollbook.installation', 'rollbook.membership_change', 'rollbook.active_count')
    ) t
    order by t.name`);
  const ordered: { name: string; columns: string[] }[] = [];
  const done = new Set<string>();
  while (ordered.length < rows.length) {
    const ready = rows.filter(
      (row) => !done.has(row.name) && row.refers_to.every((other) => done.has(other)),
    );
    assert(ready.length > 0, 'foreign keys in a circle: backups need an order of tables');
    for (const { name, columns } of ready) {
      ordered.push({ name, columns });
      done.add(name);
    }
  }
  return ordered;
}
