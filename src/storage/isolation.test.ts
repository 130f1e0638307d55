import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { after, before, test } from 'node:test';
import { from as copyFrom } from 'pg-copy-streams';
import { realSystem } from '#lib/system.ts';
import { type TestDatabase, testDatabase } from '#test/helpers/database.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';
import { asOwner, inTenant, type Tx } from './database.ts';
import { createTenant } from './tenants/create-tenant.ts';

/** Two tenants with one row in every table; then rollbook_app tries everything. */
let t: TestDatabase;
let other: string;
before(async () => {
  t = await testDatabase();
  other = realSystem.newId();
  await createTenant(t.db, { id: other, name: 'Other', timeZone: 'UTC' }, testSecretBox);
  for (const tenant of [t.tenantId, other]) await asOwner(t.db, (tx) => fillEveryTable(tx, tenant));
});
after(() => t.close());

interface Column {
  name: string;
  type: string;
  required: boolean;
  allowed: string | null;
}

/** Tables with a tenant, in no order. */
async function tenantTables(tx: Tx): Promise<string[]> {
  const rows = await tx.query<{ name: string }>(`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
    where c.relnamespace = 'rollbook'::regnamespace and c.relkind in ('r', 'p') order by 1`);
  return rows.map((row) => row.name);
}

/** One row in each table, made from the catalogue: so a new table is tested without anybody thinking of it. */
async function fillEveryTable(tx: Tx, tenant: string): Promise<void> {
  let waiting = (await tenantTables(tx)).concat('bulk.plan_item', 'bulk.finding');
  while (waiting.length > 0) {
    const later: string[] = [];
    for (const table of waiting) {
      await tx.query('savepoint attempt');
      try {
        if ((await tx.query(`select 1 from ${table} where tenant_id = $1`, [tenant])).length === 0)
          await insertRow(tx, table, tenant);
      } catch {
        await tx.query('rollback to savepoint attempt');
        later.push(table); // A table it refers to is still empty.
      }
    }
    assert.ok(later.length < waiting.length, `cannot fill ${later.join(', ')}`);
    waiting = later;
  }
}

async function insertRow(tx: Tx, table: string, tenant: string): Promise<void> {
  const columns = await tx.query<Column>(
    `select quote_ident(a.attname) as name, format_type(a.atttypid, null) as type, a.attnotnull and not a.atthasdef as required,
       (select (regexp_match(pg_get_constraintdef(k.oid), '''([^'']+)'''))[1] from pg_constraint k
        where k.conrelid = a.attrelid and k.contype = 'c' and k.conkey = array[a.attnum] limit 1) as allowed
     from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped`,
    [table],
  );
  const given = columns.filter((column) => column.required || column.name === 'tenant_id');
  await tx.query(
    `insert into ${table} (${given.map((column) => column.name).join(', ')})
     values (${given.map((_column, index) => `$${index + 1}`).join(', ')})`,
    given.map((column) => sampleOf(column, tenant)),
  );
}

/** Those that are not made from others. */
async function writtenColumns(tx: Tx, table: string): Promise<string[]> {
  const rows = await tx.query<{ name: string }>(
    `select quote_ident(attname) as name from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
    [table],
  );
  return rows.map(({ name }) => name);
}

function sampleOf(column: Column, tenant: string): unknown {
  if (column.allowed !== null) return column.allowed;
  switch (column.type) {
    case 'uuid':
      return tenant; // One id for everything of a tenant satisfies every foreign key.
    case 'jsonb':
      return '{}';
    case 'bytea':
      return Buffer.from([1]);
    case 'text[]':
      return [];
    case 'integer':
    case 'bigint':
      return 1;
    case 'boolean':
      return true;
    case 'date':
    case 'timestamp with time zone':
      return '2026-01-01';
    default:
      return 'x';
  }
}

/** Runs in a transaction that is thrown away; answers how many rows, or the error's code. */
async function attempt(tenant: string | null, sql: string, values: unknown[] = []): Promise<number | string> {
  const client = await t.db.app.connect();
  try {
    await client.query('begin');
    if (tenant !== null) await client.query(`set local rollbook.tenant_id = '${tenant}'`);
    return (await client.query(sql, values)).rowCount ?? 0;
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await client.query('rollback');
    client.release();
  }
}

const REFUSED = '42501'; // insufficient_privilege, which is also what a violated policy gives
const VIEW_REFUSED = '44000'; // with check option

test('every table with a tenant is there and filled for both tenants', async () => {
  const tables = await asOwner(t.db, tenantTables);
  assert.ok(tables.length >= 28, String(tables.length));
  for (const table of tables) {
    const rows = await asOwner(t.db, (tx) => tx.query(`select distinct tenant_id from ${table}`));
    assert.equal(rows.length, 2, table);
  }
});

test('no table shows a row before a tenant is named', async () => {
  for (const table of [...(await asOwner(t.db, tenantTables)), 'tenant', 'plan_item', 'finding'])
    assert.equal(await attempt(null, `select 1 from ${table}`), 0, table);
});

test('every table shows the rows of the named tenant alone', async () => {
  for (const table of [...(await asOwner(t.db, tenantTables)), 'plan_item', 'finding']) {
    assert.equal(
      await attempt(t.tenantId, `select 1 from ${table} where tenant_id = $1`, [t.tenantId]),
      1,
      table,
    );
    assert.equal(
      await attempt(t.tenantId, `select 1 from ${table} where tenant_id <> $1`, [t.tenantId]),
      0,
      table,
    );
  }
  assert.equal(await attempt(t.tenantId, 'select 1 from tenant'), 1);
});

test('nobody changes or removes what belongs to another tenant', async () => {
  for (const table of [...(await asOwner(t.db, tenantTables)), 'plan_item', 'finding']) {
    for (const sql of [
      `delete from ${table} where tenant_id = $1`,
      `update ${table} set tenant_id = tenant_id where tenant_id = $1`,
    ]) {
      const done = await attempt(t.tenantId, sql, [other]);
      assert.ok(done === 0 || done === REFUSED, `${sql}: ${done}`);
    }
  }
});

test('nothing of the directory can be removed', async () => {
  const directory = ['org', 'academic_session', 'course', 'class', 'person', 'demographics', 'account'];
  for (const table of [...directory, 'source_system', 'link', 'role', 'enrollment'])
    for (const sql of [`delete from ${table}`, `truncate ${table}`])
      assert.equal(await attempt(t.tenantId, sql), REFUSED, sql);
});

test('nobody writes rows for another tenant, nor gives one away', async () => {
  for (const table of await asOwner(t.db, tenantTables)) {
    const columns = await asOwner(t.db, (tx) => writtenColumns(tx, table));
    const values = columns.map((column) => (column === 'tenant_id' ? '$1::uuid' : column));
    const inserted = await attempt(
      t.tenantId,
      `insert into ${table} (${columns.join(', ')}) select ${values.join(', ')} from ${table}`,
      [other],
    );
    assert.equal(inserted, REFUSED, `insert into ${table}`);
    const given = await attempt(t.tenantId, `update ${table} set tenant_id = $1`, [other]);
    assert.equal(given, REFUSED, `update ${table}`);
  }
  for (const view of ['plan_item', 'finding']) {
    const given = await attempt(t.tenantId, `update ${view} set tenant_id = $1`, [other]);
    assert.ok(given === REFUSED || given === VIEW_REFUSED, `${view}: ${given}`);
  }
});

test('the tables under the views, and their partitions, are closed', async () => {
  const tables = await asOwner(t.db, (tx) =>
    tx.query<{ name: string }>(
      "select c.oid::regclass::text as name from pg_class c where c.relnamespace = 'bulk'::regnamespace and c.relkind in ('r', 'p')",
    ),
  );
  for (const { name } of tables) {
    for (const sql of [`select 1 from ${name}`, `delete from ${name}`, `update ${name} set code = 'x'`]) {
      const done = await attempt(t.tenantId, sql);
      assert.ok(done === REFUSED || done === '42703', `${sql}: ${done}`);
    }
  }
});

async function copyPlanItems(tenant: string, columns: string, line: string): Promise<void> {
  await inTenant(t.db, tenant, async (tx) => {
    const copy = tx.client.query(copyFrom(`copy bulk.plan_item (${columns}) from stdin`));
    await pipeline(Readable.from([line]), copy);
  });
}

test('COPY into plan items lands in the tenant of the transaction', async () => {
  const run = realSystem.newId();
  await copyPlanItems(
    t.tenantId,
    'run_id, item_no, kind, action, reason, key',
    `${run}\t1\torg\tcreate\tnew\t${run}\n`,
  );
  const owners = await asOwner(t.db, (tx) =>
    tx.query('select tenant_id from bulk.plan_item where run_id = $1', [run]),
  );
  assert.deepEqual(owners, [{ tenant_id: t.tenantId }]);
});

test('COPY that names the tenant is refused', async () => {
  const run = realSystem.newId();
  const copied = copyPlanItems(
    t.tenantId,
    'tenant_id, run_id, item_no, kind, action, reason, key',
    `${other}\t${run}\t1\torg\tcreate\tnew\t${run}\n`,
  );
  await assert.rejects(copied, { code: REFUSED });
});

test('the app role is nobody: no superuser, no bypass, no member of the owner, no schema of its own', async () => {
  assert.equal(await attempt(t.tenantId, 'set role rollbook_owner'), REFUSED);
  assert.equal(await attempt(t.tenantId, 'create table rollbook.mine (id int)'), REFUSED);
  assert.equal(await attempt(t.tenantId, 'alter table run no force row level security'), REFUSED);
  assert.equal(await attempt(t.tenantId, 'truncate run'), REFUSED);
  assert.equal(
    await attempt(t.tenantId, "insert into tenant (id, name) values (gen_random_uuid(), 'x')"),
    REFUSED,
  );
  assert.equal(await attempt(t.tenantId, 'update run_event set actor = $1', ['x']), REFUSED);
});

/** Tables without a tenant, and why. */
const WITHOUT_TENANT = new Set([
  'tenant', // It is the tenant.
  'signing_key', // One issuer for all tenants.
  'schema_migration', // Of the database.
  'installation', // Of the database.
]);

test('the tenant stands first in every primary, unique and foreign key, and in every index', async () => {
  const rows = await asOwner(t.db, (tx) =>
    tx.query<{ what: string; table: string; first: string | null }>(`
      select k.conname as what, c.relname as table,
        (select attname from pg_attribute where attrelid = k.conrelid and attnum = k.conkey[1]) as first
      from pg_constraint k join pg_class c on c.oid = k.conrelid
      where c.relnamespace in ('rollbook'::regnamespace, 'bulk'::regnamespace) and k.contype in ('p', 'u', 'f')
      union all
      select i.indexrelid::regclass::text, c.relname,
        (select attname from pg_attribute where attrelid = i.indrelid and attnum = i.indkey[0])
      from pg_index i join pg_class c on c.oid = i.indrelid
      where c.relnamespace in ('rollbook'::regnamespace, 'bulk'::regnamespace)`),
  );
  assert.ok(rows.length > 50);
  const wrong = rows.filter((row) => row.first !== 'tenant_id' && !WITHOUT_TENANT.has(row.table));
  assert.deepEqual(wrong, []);
});

test('every table has its tenant, a forced row-level security and a comment or a speaking name', async () => {
  const rows = await asOwner(t.db, (tx) =>
    tx.query<{ name: string; forced: boolean; tenant: boolean }>(`
      select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
        exists (select from pg_attribute where attrelid = c.oid and attname = 'tenant_id') as tenant
      from pg_class c where c.relnamespace = 'rollbook'::regnamespace and c.relkind in ('r', 'p')`),
  );
  for (const row of rows) {
    if (!WITHOUT_TENANT.has(row.name)) assert.ok(row.tenant && row.forced, row.name);
  }
});
