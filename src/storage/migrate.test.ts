import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { RUN_STATES } from '#core/run/run-state.ts';
import { emptyTestDatabase, TEST_APP_PASSWORD, testDatabase } from '#test/helpers/database.ts';
import { asOwner, openDatabase } from './database.ts';
import { migrate, MIGRATIONS_DIRECTORY, readMigrations } from './migrate.ts';
import { prepareRoles } from './roles.ts';
import { dumpSchema } from './schema-dump.ts';

const closings: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closings.reverse()) await close();
});

async function emptyOwner(): Promise<string> {
  const { url, close } = await emptyTestDatabase();
  closings.push(close);
  return (await prepareRoles({ url, appPassword: TEST_APP_PASSWORD, serverIsOurs: true }))
    .ownerConnectionString;
}

async function copyMigrations(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rollbook-migrations-'));
  closings.push(() => rm(directory, { recursive: true, force: true }));
  await cp(MIGRATIONS_DIRECTORY, directory, { recursive: true });
  return directory;
}

test('the numbers of the migrations are 1, 2, 3, ...', async () => {
  const numbers = (await readMigrations()).map((migration) => migration.number);
  assert.deepEqual(
    numbers,
    numbers.map((_number, index) => index + 1),
  );
});

test('five processes that start at once migrate once', async () => {
  const { url, close } = await emptyTestDatabase();
  closings.push(close);
  const reports = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const address = await prepareRoles({ url, appPassword: TEST_APP_PASSWORD, serverIsOurs: true });
      return migrate(address.ownerConnectionString);
    }),
  );
  const migrations = await readMigrations();
  assert.deepEqual(
    reports.flatMap((report) => report.applied),
    migrations.map((migration) => migration.name),
  );
});

test('a newer schema is refused', async () => {
  const owner = await emptyOwner();
  const newer = await copyMigrations();
  await writeFile(join(newer, '9000-later.sql'), 'create table later (id int);');
  await migrate(owner, { directory: newer });
  await assert.rejects(migrate(owner), { code: 'SchemaTooNew', message: /9000-later/ });
});

test('an applied migration whose file was edited is refused; other line ends are no edit', async () => {
  const owner = await emptyOwner();
  await migrate(owner);
  const edited = await copyMigrations();
  const file = join(edited, '0001-foundation.sql');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replaceAll('\n', '\r\n'));
  assert.deepEqual((await migrate(owner, { directory: edited })).applied, []);
  await writeFile(file, `${text}-- more\n`);
  await assert.rejects(migrate(owner, { directory: edited }), { code: 'MigrationChanged' });
});

test('a migration that fails leaves nothing of itself, and can be repeated', async () => {
  const owner = await emptyOwner();
  const broken = await copyMigrations();
  const file = join(broken, '9000-broken.sql');
  await writeFile(file, 'create table half (id int); select 1 / 0;');
  await assert.rejects(migrate(owner, { directory: broken }), {
    code: 'MigrationFailed',
    message: /9000-broken.*division by zero/,
  });
  await writeFile(file, 'create table half (id int);');
  assert.deepEqual((await migrate(owner, { directory: broken })).applied, ['9000-broken']);
});

test('db/schema.sql is what the migrations make', async () => {
  const t = await testDatabase();
  closings.push(t.close);
  const made = await asOwner(t.db, dumpSchema);
  const stored = await readFile(new URL('../../db/schema.sql', import.meta.url), 'utf8');
  assert.equal(stored, made, 'run: node scripts/schema.ts --write');
});

test('the CHECK of run states lists the states of the machine', async () => {
  const t = await testDatabase();
  closings.push(t.close);
  const [row] = await asOwner(t.db, (tx) =>
    tx.query<{ definition: string }>(
      "select pg_get_constraintdef(oid) as definition from pg_constraint where conname = 'run_state_known'",
    ),
  );
  const listed = [...(row?.definition ?? '').matchAll(/'(\w+)'/g)].map((match) => match[1]);
  assert.deepEqual(new Set(listed), new Set(RUN_STATES));
});

test('rows that came before their month had a partition are moved into it', async () => {
  const owner = await emptyOwner();
  await migrate(owner);
  const db = openDatabase({ ownerConnectionString: owner, appConnectionString: owner });
  closings.push(() => db.close());
  const found = await asOwner(db, async (tx) => {
    // 2031-05-10 in a UUIDv7, and the first moment of June.
    const may = `${Date.parse('2031-05-10')
      .toString(16)
      .padStart(12, '0')
      .replace(/^(.{8})/, '$1-')}-7000-8000-000000000001`;
    const june = `${Date.parse('2031-06-01')
      .toString(16)
      .padStart(12, '0')
      .replace(/^(.{8})/, '$1-')}-7000-8000-000000000001`;
    for (const run of [may, june]) {
      await tx.query(
        `insert into bulk.finding (tenant_id, run_id, finding_no, severity, code, file, message) values ($1, $1, 1, 'error', 'x', 'y', 'z')`,
        [run],
      );
    }
    await tx.query("select ensure_partitions('2031-04-30T23:59:59Z')");
    await tx.query("select ensure_partitions('2031-05-01T00:00:00Z')");
    await tx.query("select ensure_partitions('2031-05-01T00:00:00Z')");
    return tx.query('select tableoid::regclass::text as partition from bulk.finding order by run_id');
  });
  assert.deepEqual(found, [{ partition: 'bulk.finding_2031_05' }, { partition: 'bulk.finding_2031_06' }]);
});

test('a directory of before has its active counts', async () => {
  const owner = await emptyOwner();
  const before = await copyMigrations();
  for (const { number, name } of await readMigrations())
    if (number >= 23) await rm(join(before, `${name}.sql`));
  await migrate(owner, { directory: before });
  const db = openDatabase({ ownerConnectionString: owner, appConnectionString: owner });
  closings.push(() => db.close());
  await asOwner(db, (tx) =>
    tx.query(`
      with t as (insert into tenant (id, name) values (gen_random_uuid(), 't') returning id),
      s as (insert into source_system (tenant_id, id, name) select id, id, 's' from t returning tenant_id as tenant, id),
      o as (insert into org (tenant_id, id, display_name, change_seq) select id, id, 'o', 1 from t returning id as org),
      c as (insert into class (tenant_id, id, org_id, display_name, mail_nickname, change_seq) select id, id, org, 'c', 'c', 1 from t, o returning id as class),
      p as (insert into person (tenant_id, id, display_name, change_seq) select id, gen_random_uuid(), 'p', 1 from t, generate_series(1, 5) returning id as person),
      r as (insert into role (tenant_id, source_system_id, key, content, person_id, org_id, role, change_seq)
              select tenant, id, gen_random_uuid(), 1, person, org, 'student', 1 from s, o, p)
      insert into enrollment (tenant_id, source_system_id, key, content, class_id, person_id, role, active, change_seq)
        select tenant, id, gen_random_uuid(), 1, class, person, 'student', row_number() over () > 2, 1 from s, c, p`),
  );
  await migrate(owner);
  assert.deepEqual(
    await asOwner(db, (tx) => tx.query('select kind, active from active_count order by kind')),
    [
      { kind: 'enrollment', active: 3 },
      { kind: 'student', active: 5 },
    ],
  );
});
