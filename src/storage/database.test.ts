import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from 'pg';
import { realSystem } from '#lib/system.ts';
import { TEST_APP_PASSWORD, type TestDatabase, testDatabase } from '#test/helpers/database.ts';
import { asOwner, inTenant, openDatabase } from './database.ts';
import { prepareRoles } from './roles.ts';

let t: TestDatabase;
before(async () => {
  t = await testDatabase();
});
after(() => t.close());

test('a transaction sees the tenant it names, and no other', async () => {
  const mine = await inTenant(t.db, t.tenantId, (tx) => tx.query<{ id: string }>('select id from tenant'));
  assert.deepEqual(mine, [{ id: t.tenantId }]);
  const others = await inTenant(t.db, realSystem.newId(), (tx) => tx.query('select id from tenant'));
  assert.deepEqual(others, []);
});

test('the tenant does not outlive its transaction', async () => {
  await inTenant(t.db, t.tenantId, (tx) => tx.query('select 1'));
  const { rows } = await t.db.app.query<{ count: string }>('select count(*) from tenant');
  assert.equal(rows[0]?.count, '0');
});

test('sessions are the same whatever the defaults of the database are', async () => {
  const place = new URL(t.url).pathname.slice(1);
  const OTHERS = {
    jit: 'on',
    DateStyle: "'German, DMY'",
    TimeZone: "'America/Chicago'",
    default_transaction_isolation: "'serializable'",
    row_security: 'off',
    search_path: 'public',
  };
  const { url } = t;
  const admin = new Client({ connectionString: url });
  await admin.connect();
  for (const [name, value] of Object.entries(OTHERS))
    await admin.query(`alter database ${place} set ${name} = ${value}`);
  const db = openDatabase(await prepareRoles({ url, appPassword: TEST_APP_PASSWORD, serverIsOurs: true }));
  try {
    for (const pool of [db.app, db.reader, db.owner]) {
      const found: Record<string, string> = {};
      for (const name of Object.keys(OTHERS)) {
        const { rows } = await pool.query<{ value: string }>('select current_setting($1) as value', [name]);
        found[name] = rows[0]?.value ?? '';
      }
      assert.deepEqual(found, {
        jit: 'off',
        DateStyle: 'ISO, MDY',
        TimeZone: 'UTC',
        default_transaction_isolation: 'read committed',
        row_security: 'on',
        search_path: 'rollbook',
      });
    }
    const [time] = await inTenant(db, t.tenantId, (tx) =>
      tx.query<{ at: Date }>("select timestamptz '2027-05-03 10:00Z' as at"),
    );
    assert.equal(time?.at.toISOString(), '2027-05-03T10:00:00.000Z');
  } finally {
    await db.close();
    await admin.query(`alter database ${place} reset all`);
    await admin.end();
  }
});

test('work that throws leaves nothing', async () => {
  const id = realSystem.newId();
  await assert.rejects(
    inTenant(t.db, t.tenantId, async (tx) => {
      await tx.query('insert into source_system (tenant_id, id, name) values ($1, $2, $3)', [
        t.tenantId,
        id,
        'x',
      ]);
      throw new Error('no');
    }),
    /^Error: no$/,
  );
  assert.deepEqual(await asOwner(t.db, (tx) => tx.query('select 1 from source_system')), []);
});

test('a swallowed error of a statement does not pass for a commit', async () => {
  await assert.rejects(
    inTenant(t.db, t.tenantId, async (tx) => {
      await tx.query('select 1 / 0').catch(() => undefined);
    }),
    /after one of its statements had failed/,
  );
});

test('a read-only transaction cannot write', async () => {
  await assert.rejects(
    inTenant(t.db, t.tenantId, (tx) => tx.query('delete from profile'), {
      readOnly: true,
      isolation: 'repeatable read',
    }),
    /read-only transaction/,
  );
});

test('a connection that breaks in a transaction fails that transaction alone', async () => {
  await assert.rejects(
    inTenant(t.db, t.tenantId, async (tx) => {
      const [row] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      await asOwner(t.db, (owner) => owner.query("select set_config('role', 'none', true)"));
      const { rows } = await t.db.owner.query<{ pid: number }>('select pg_backend_pid() as pid');
      assert.ok(rows[0]);
      assert.ok(row);
      const client = await t.db.owner.connect();
      await client.query('reset role; set role none');
      await client.query('select pg_terminate_backend($1)', [row.pid]);
      client.release(true);
      await tx.query('select 1');
    }),
  );
  assert.deepEqual(await inTenant(t.db, t.tenantId, (tx) => tx.query('select 1 as one')), [{ one: 1 }]);
});

test('dates stay days, big integers stay exact', async () => {
  const rows = await inTenant(t.db, t.tenantId, (tx) =>
    tx.query("select date '2026-03-29' as day, 9007199254740993::int8 as big"),
  );
  assert.deepEqual(rows, [{ day: '2026-03-29', big: '9007199254740993' }]);
});

test('what a connection keeps shows each tenant its own rows, however often it was asked', async () => {
  const other = realSystem.newId();
  await asOwner(t.db, (tx) => tx.query("insert into tenant (id, name) values ($1, 'other')", [other]));
  const connections = new Set<number>();
  for (let round = 0; round < 10; round += 1)
    for (const tenantId of [t.tenantId, other]) {
      const rows = await inTenant(t.db, tenantId, (tx) =>
        tx.query<{ id: string; pid: number }>(
          'select id, pg_backend_pid() as pid from tenant where id <> $1',
          [realSystem.newId()],
          { keep: true },
        ),
      );
      assert.deepEqual(
        rows.map(({ id }) => id),
        [tenantId],
      );
      for (const { pid } of rows) connections.add(pid);
    }
  assert.equal(connections.size, 1, 'both were asked by one connection');
});

test('a connection keeps what it is asked to keep, and not more than some', async () => {
  await inTenant(t.db, t.tenantId, async (tx) => {
    const kept = async (): Promise<number> => (await tx.query('select 1 from pg_prepared_statements')).length;
    const before = await kept();
    for (let round = 0; round < 2; round += 1)
      assert.deepEqual(await tx.query('select $1::int4 + 1 as n', [round], { keep: true }), [
        { n: round + 1 },
      ]);
    await tx.query('select $1::int4 + 2 as n', [1]);
    assert.equal(await kept(), before + 1);
    for (let other = 0; other < 100; other += 1)
      assert.deepEqual(await tx.query(`select $1::int4 + ${other} as n`, [5], { keep: true }), [
        { n: 5 + other },
      ]);
    assert.equal(await kept(), 50);
  });
});

test('all runs of a process may plan at once, and their leases are renewed meanwhile', async () => {
  const runs = 12;
  const db = openDatabase(t.db, { runs });
  const planned = Promise.withResolvers<void>();
  let begun = 0;
  const plans = Array.from({ length: runs }, () =>
    inTenant(db, t.tenantId, async (tx) => {
      await tx.query('select 1');
      begun += 1;
      await planned.promise;
    }),
  );
  for (let attempt = 0; begun < runs && attempt < 500; attempt++) await realSystem.sleep(10);
  try {
    assert.equal(begun, runs);
    await inTenant(db, t.tenantId, (tx) => tx.query('select 1'));
  } finally {
    planned.resolve();
    await Promise.all(plans);
    await db.close();
  }
});
