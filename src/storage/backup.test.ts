import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  cp,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { SecretBox } from '#lib/secret-box.ts';
import { realSystem } from '#lib/system.ts';
import {
  emptyTestDatabase,
  TEST_APP_PASSWORD,
  type TestDatabase,
  testDatabase,
} from '#test/helpers/database.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';
import { backup } from './backup.ts';
import { asOwner, type Database, type DatabaseAddress, inTenant, openDatabase } from './database.ts';
import { migrate, MIGRATIONS_DIRECTORY } from './migrate.ts';
import { restore } from './restore.ts';
import { prepareRoles } from './roles.ts';
import { dumpSchema } from './schema-dump.ts';

const root = await mkdtemp(join(tmpdir(), 'rollbook-backup-'));
let t: TestDatabase;
const closings: (() => Promise<void>)[] = [];
before(async () => {
  t = await testDatabase();
  await fill(t.db, t.tenantId, 40);
});
after(async () => {
  for (const close of closings.reverse()) await close();
  await t.close();
  await rm(root, { recursive: true, force: true });
});

/** Rows with everything that is hard to copy: quotes, line ends, backslashes, nulls, jsonb, bytea, arrays, a tree. */
async function fill(db: Database, tenantId: string, count: number): Promise<void> {
  await inTenant(db, tenantId, async (tx) => {
    const system = realSystem.newId();
    await tx.query('insert into source_system (tenant_id, id, name) values ($1, $2, $3)', [
      tenantId,
      system,
      'a\tb\\N\n"ü"',
    ]);
    await tx.query(
      `insert into application (tenant_id, id, display_name, permissions) values ($1, $2, 'x', array['a,b', 'c"d', '\\'])`,
      [tenantId, realSystem.newId()],
    );
    // The child's id sorts before its parent's, so that a row comes before the one it refers to.
    await tx.query(
      `insert into org (tenant_id, id, display_name, change_seq) values ($1, 'ffffffff-0000-7000-8000-000000000001', 'parent', 1) on conflict do nothing`,
      [tenantId],
    );
    for (let i = 0; i < count; i += 1) {
      const id = realSystem.newId();
      await tx.query(
        `insert into org (tenant_id, id, parent_id, display_name, change_seq) values ($1, $2, 'ffffffff-0000-7000-8000-000000000001', 'Schule ' || $3, 1)`,
        [tenantId, id, i],
      );
      await tx.query(
        `insert into person (tenant_id, id, display_name, attributes, change_seq) values ($1, $2, $3, $4, $5)`,
        [
          tenantId,
          id,
          i % 2 === 0 ? `Zoë\r\n${i}` : '\\.',
          JSON.stringify({ note: 'a\n\\b', i }),
          '9007199254740993',
        ],
      );
      await tx.query(
        `insert into account (tenant_id, id, person_id, user_name, initial_password, change_seq) values ($1, $2, $2, $3, $4, 1)`,
        [tenantId, id, `u${id}`, Buffer.from([0, 10, 13, 92, 255])],
      );
      await tx.query(
        `insert into class (tenant_id, id, org_id, display_name, mail_nickname, change_seq) values ($1, $2, $2, 'class', $3, 1)`,
        [tenantId, id, `c${id}`],
      );
      await tx.query(
        `insert into enrollment (tenant_id, source_system_id, key, content, class_id, person_id, role, change_seq) values ($1, $2, $3, 1, $3, $3, 'student', $4)`,
        [tenantId, system, id, i % 3],
      );
      await tx.query(
        `insert into bulk.plan_item (run_id, item_no, kind, action, reason, key, secret) values ($1, 1, 'org', 'create', 'new', $1, '\\x000a')`,
        [id],
      );
    }
  });
}

/** A digest of every table's rows, whatever their order; without the two counters that a restore sets forward. */
async function digests(db: Database): Promise<Record<string, string>> {
  return asOwner(db, async (tx) => {
    const tables = await tx.query<{ name: string }>(`
      select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname in ('rollbook', 'bulk') and tablename not in ('schema_migration', 'tenant_counter', 'snapshot_state') and tablename !~ '_\\d{4}_\\d{2}$' order by 1`);
    const found: Record<string, string> = {};
    for (const { name } of tables) {
      // One row for each statement that wrote enrollments: what counts is what they say together.
      const from =
        name === 'rollbook.membership_change'
          ? `(select distinct tenant_id, change_seq, unnest(class_ids) from ${name})`
          : name;
      const rows = await tx.query<{ row: string }>(
        `select t::text as row from ${from} t order by t::text collate "C"`,
      );
      found[name] = `${rows.length} ${createHash('sha256')
        .update(rows.map((row) => row.row).join('\n'))
        .digest('hex')}`;
    }
    return found;
  });
}

async function emptyDatabase(): Promise<DatabaseAddress & { db: Database; url: string }> {
  const { url, close } = await emptyTestDatabase();
  const address = await prepareRoles({ url, appPassword: TEST_APP_PASSWORD, serverIsOurs: true });
  const db = openDatabase(address);
  closings.push(close, () => db.close());
  return { ...address, db, url };
}

let files = 0;
async function backedUp(): Promise<string> {
  const path = join(root, `${(files += 1)}.backup`);
  await backup(t.db, path, { secretBox: testSecretBox });
  return path;
}

test('what is restored is the snapshot, row by row, while writes went on', async () => {
  const path = join(root, 'busy.backup');
  const snapshot = { taken: {} as Record<string, string> };
  // The writer goes on during the whole backup; what the backup saw is found again by its count of source systems.
  const stop = new AbortController();
  const counts = new Map<string, Record<string, string>>();
  const writer = (async () => {
    while (!stop.signal.aborted) {
      const now = await digests(t.db);
      counts.set(now['rollbook.source_system'] ?? '', now);
      await fill(t.db, t.tenantId, 3);
    }
    const now = await digests(t.db);
    counts.set(now['rollbook.source_system'] ?? '', now);
  })();
  await new Promise((resolve) => setTimeout(resolve, 30));
  const report = await backup(t.db, path, { secretBox: testSecretBox });
  stop.abort();
  await writer;
  const target = await emptyDatabase();
  const restored = await restore(target, path, { secretBox: testSecretBox });
  assert.deepEqual(restored.warnings, []);
  assert.equal(restored.rows, report.rows);
  const found = await digests(target.db);
  snapshot.taken = counts.get(found['rollbook.source_system'] ?? '') ?? {};
  assert.deepEqual(found, snapshot.taken);
  // It works: the tenant sees its rows, others do not, and plan items lie in the partition of their month.
  const [people] = await inTenant(target.db, t.tenantId, (tx) =>
    tx.query<{ n: number }>('select count(*)::int as n from person'),
  );
  assert.ok((people?.n ?? 0) >= 40);
  const none = await inTenant(target.db, realSystem.newId(), (tx) => tx.query('select 1 from person'));
  assert.deepEqual(none, []);
  const rest = await asOwner(target.db, (tx) => tx.query('select 1 from bulk.plan_item_rest'));
  assert.deepEqual(rest, []);
});

test('the schema is whole again: foreign keys, row-level security, grants', async () => {
  const target = await emptyDatabase();
  await restore(target, await backedUp(), { secretBox: testSecretBox });
  assert.equal(await asOwner(target.db, dumpSchema), await asOwner(t.db, dumpSchema));
});

test('counters of the time after the backup are never used again', async () => {
  const other = await testDatabase();
  closings.push(other.close);
  await fill(other.db, other.tenantId, 2);
  const path = join(root, 'timeline.backup');
  await backup(other.db, path, { secretBox: testSecretBox });
  const counters = (): Promise<{ seq: number; generation: number }[]> =>
    asOwner(other.db, (tx) =>
      tx.query(
        `select change_seq::float8 as seq, (select max(generation)::float8 from snapshot_state) as generation from tenant_counter`,
      ),
    );
  await asOwner(other.db, (tx) =>
    tx.query(
      'insert into snapshot_state select tenant_id, id, 77 from source_system; update tenant_counter set change_seq = 500',
    ),
  );
  await restore(other.db, path, { secretBox: testSecretBox, force: true });
  const [first] = await counters();
  assert.ok(first !== undefined && first.seq > 500 && first.generation > 77);
  await restore(other.db, path, { secretBox: testSecretBox, force: true });
  const [second] = await counters();
  assert.ok(second !== undefined && second.generation > first.generation);
});

test('the file is private, and an unfinished one is never seen', async () => {
  const path = await backedUp();
  if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(
    (await readdir(root)).filter((name) => name.endsWith('.part')),
    [],
  );
  await assert.rejects(backup(t.db, path, { secretBox: testSecretBox }), { code: 'BackupFileExists' });
  await backup(t.db, path, { secretBox: testSecretBox, overwrite: true });
  await assert.rejects(backup(t.db, join(root, 'no', 'such', 'folder'), { secretBox: testSecretBox }), {
    code: 'BackupFailed',
  });
});

test('a backup into a folder that is not there says what to do', async () => {
  await assert.rejects(backup(t.db, join(root, 'none', 'x.backup'), { secretBox: testSecretBox }), {
    code: 'BackupFailed',
    message: /Make the folder .*none, or name a file in another one\.$/,
  });
});

test('what somebody else has put under the name of the unfinished file is not written into', async () => {
  const path = join(root, 'planted.backup');
  const victim = join(root, 'victim');
  await writeFile(victim, 'of somebody else');
  await symlink(victim, `${path}.${process.pid}.part`);
  await backup(t.db, path, { secretBox: testSecretBox });
  assert.equal(await readFile(victim, 'utf8'), 'of somebody else');
  assert.ok((await lstat(path)).isFile());
});

test('a database with tenants is replaced only when that is said', async () => {
  const path = await backedUp();
  const other = await testDatabase();
  closings.push(other.close);
  await fill(other.db, other.tenantId, 2);
  const before = await digests(other.db);
  await assert.rejects(restore(other.db, path, { secretBox: testSecretBox }), { code: 'DatabaseNotEmpty' });
  assert.deepEqual(await digests(other.db), before);
  await restore(other.db, path, { secretBox: testSecretBox, force: true });
  const tenants = await asOwner(other.db, (tx) => tx.query('select id from tenant'));
  assert.deepEqual(tenants, [{ id: t.tenantId }]);
});

const damages: { name: string; damage: (path: string, bytes: Buffer) => Promise<void> }[] = [
  { name: 'cut short by a byte', damage: (path, bytes) => truncate(path, bytes.length - 1) },
  { name: 'cut in half', damage: (path, bytes) => truncate(path, bytes.length >> 1) },
  { name: 'empty', damage: (path) => truncate(path, 0) },
  {
    name: 'changed in one byte',
    damage: (path, bytes) => {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bytes.length - 100) ^ 1, bytes.length - 100);
      return writeFile(path, changed);
    },
  },
  { name: 'of another kind', damage: (path) => writeFile(path, 'PK and so on, a file of another program') },
];
for (const { name, damage } of damages) {
  test(`a file ${name} is refused and changes nothing`, async () => {
    const path = await backedUp();
    await damage(path, await readFile(path));
    const before = await digests(t.db);
    await assert.rejects(restore(t.db, path, { secretBox: testSecretBox, force: true }), {
      code: 'BackupDamaged',
    });
    assert.deepEqual(await digests(t.db), before);
  });
}

test('a restore that fails in the middle leaves the database as it was', async () => {
  const path = await backedUp();
  const other = await testDatabase();
  closings.push(other.close);
  await fill(other.db, other.tenantId, 2);
  const before = await digests(other.db);
  // Another session holds a table: the restore cannot replace it.
  const holder = await other.db.owner.connect();
  await holder.query('begin; select 1 from person');
  const failed = restore(other.db, path, { secretBox: testSecretBox, force: true, lockTimeoutMs: 100 });
  await assert.rejects(failed, { code: 'DatabaseBusy' });
  await holder.query('rollback');
  holder.release();
  assert.deepEqual(await digests(other.db), before);
});

test('a restore whose migration fails leaves the database as it was, and one that succeeds ends links of before', async () => {
  const path = await backedUp();
  const other = await testDatabase();
  closings.push(other.close);
  await fill(other.db, other.tenantId, 2);
  const before = await digests(other.db);
  const directory = await mkdtemp(join(root, 'migrations-'));
  await cp(MIGRATIONS_DIRECTORY, directory, { recursive: true });
  const newer = join(directory, '9000-newer.sql');
  await writeFile(newer, 'create table newer (id int); select 1 / count(*) from person where false;');
  const options = { secretBox: testSecretBox, force: true, directory };
  await assert.rejects(restore(other.db, path, options), {
    code: 'RestoreFailed',
    message: /division by zero/,
  });
  assert.deepEqual(await digests(other.db), before);
  await writeFile(newer, 'create table newer (id int);');
  await restore(other.db, path, options);
  const [seen] = await asOwner(other.db, (tx) =>
    tx.query(
      'select (select count(*)::int from newer) as newer, bool_and(restored_seq = change_seq) as ended from tenant_counter',
    ),
  );
  assert.deepEqual(seen, { newer: 0, ended: true });
});

test('another SECRET_KEY is said', async () => {
  const target = await emptyDatabase();
  const otherBox: Pick<SecretBox, 'deriveKey'> = { deriveKey: (_purpose, size) => Buffer.alloc(size, 1) };
  const { warnings } = await restore(target, await backedUp(), { secretBox: otherBox });
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /SECRET_KEY/);
});

test('a backup of a newer schema is refused', async () => {
  const source = await testDatabase();
  closings.push(source.close);
  await asOwner(source.db, (tx) => tx.query("insert into schema_migration values (9000, '9000-later', 'x')"));
  const path = join(root, 'newer.backup');
  await backup(source.db, path, { secretBox: testSecretBox });
  const target = await emptyDatabase();
  await assert.rejects(restore(target, path, { secretBox: testSecretBox }), { code: 'BackupTooNew' });
  assert.equal((await migrate(target.ownerConnectionString)).applied.length > 0, true);
});

test('rows lie in the month of their run, also that of long ago', async () => {
  const source = await testDatabase();
  closings.push(source.close);
  await asOwner(source.db, async (tx) => {
    await tx.query("select ensure_partitions('2011-03-05T00:00:00Z')");
    for (const day of ['2011-03-20', '2011-04-20']) {
      const time = Date.parse(day).toString(16).padStart(12, '0');
      await tx.query(
        `insert into bulk.plan_item (tenant_id, run_id, item_no, kind, action, reason, key) values ($1, $1, 1, 'org', 'create', 'new', $1)`,
        [`${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000001`],
      );
    }
  });
  const path = join(root, 'months.backup');
  await backup(source.db, path, { secretBox: testSecretBox });
  const target = await emptyDatabase();
  await restore(target, path, { secretBox: testSecretBox });
  const found = await asOwner(target.db, (tx) =>
    tx.query('select tableoid::regclass::text as partition from bulk.plan_item order by run_id'),
  );
  assert.deepEqual(found, [{ partition: 'bulk.plan_item_2011_03' }, { partition: 'bulk.plan_item_2011_04' }]);
});

test('a backup with a migration of another text is refused', async () => {
  const source = await testDatabase();
  closings.push(source.close);
  await asOwner(source.db, (tx) => tx.query("update schema_migration set hash = 'x' where number = 1"));
  const path = join(root, 'changed.backup');
  await backup(source.db, path, { secretBox: testSecretBox });
  const target = await emptyDatabase();
  await assert.rejects(restore(target, path, { secretBox: testSecretBox }), { code: 'MigrationChanged' });
});

test('a backup in a format of a later time is refused', async () => {
  const path = await backedUp();
  const bytes = await readFile(path);
  const content = bytes.subarray(0, -32);
  content.write('"format":2', content.indexOf('"format":1'));
  await writeFile(path, Buffer.concat([content, createHash('sha256').update(content).digest()]));
  await assert.rejects(restore(t.db, path, { secretBox: testSecretBox, force: true }), {
    code: 'BackupDamaged',
    message: /format 2 is from a newer Rollbook/,
  });
});
