import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { realSystem, uuidv7 } from '#lib/system.ts';
import { asOwner, inTenant } from '#storage/database.ts';
import { dropPartition } from '#storage/runs/remove-old-runs.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { insertProfile } from '#test/helpers/insert-profile.ts';

import { forgetOldMembershipChanges, forgetPasswords, removeOldRuns } from './keep-history.ts';

const DAY_MS = 86_400_000;
const STUDENT_BAND = 4 * 200_000_000;

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

const owner = <Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> =>
  asOwner(database.db, (tx) => tx.query<Row>(sql, values));

/** A run that ended that many days ago, with rows in every table that refers to a run. */
async function endedRun(
  profileId: string,
  daysAgo: number,
  more: { state?: string; items?: number } = {},
): Promise<string> {
  const at = new Date(Date.now() - daysAgo * DAY_MS);
  const id = uuidv7(at.getTime(), realSystem.randomBytes(10));
  const uploadId = realSystem.newId();
  await inTenant(database.db, database.tenantId, async (tx) => {
    await tx.query(
      `insert into upload (tenant_id, id, profile_id, state, created_at) values (current_tenant(), $1, $2, 'erased', $3)`,
      [uploadId, profileId, at],
    );
    await tx.query(
      `insert into upload_file (tenant_id, upload_id, name, object_name, size_bytes, sha256)
       values (current_tenant(), $1, 'Student.csv', $2, 10, '\\x00')`,
      [uploadId, realSystem.newId()],
    );
    await tx.query(
      `insert into run (tenant_id, id, profile_id, upload_id, state, requested_by, created_at, finished_at, counts)
       values (current_tenant(), $1, $2, $3, $4, 'test', $5, $5, '{"kinds": {}}')`,
      [id, profileId, uploadId, more.state ?? 'completed', at],
    );
    await tx.query(
      `insert into bulk.plan_item (run_id, item_no, kind, action, reason, key, secret)
       select $1, $2 + n, 'student', 'create', 'newInSource', gen_random_uuid(), '\\x07' from generate_series(1, $3) n`,
      [id, STUDENT_BAND, more.items ?? 3],
    );
    for (const sql of [
      `insert into bulk.finding (run_id, finding_no, severity, code, file, message) values ($1, 1, 'error', 'x', 'y', 'z')`,
      `insert into run_event (tenant_id, run_id, id, event, state, actor) values (current_tenant(), $1, $1, 'requested', 'queued', 'test')`,
      `insert into plan (tenant_id, run_id, roster_hash, item_count, counts, verdict) values (current_tenant(), $1, 'h', 3, '[]', '{}')`,
      `insert into plan_count (tenant_id, run_id, kind, action, item_count, failed_count, judged_count, first_item_no, last_item_no)
         values (current_tenant(), $1, 'student', 'create', 3, 0, 0, 1, 3)`,
      `insert into plan_hold (tenant_id, run_id, scope, reasons, item_count) values (current_tenant(), $1, 'plan', '[]', 3)`,
      `insert into plan_item_hold (tenant_id, run_id, item_no, scope, scope_id) values (current_tenant(), $1, 1, 'plan', '')`,
      `insert into plan_item_failure (tenant_id, run_id, item_no, code, message) values (current_tenant(), $1, 1, 'x', 'y')`,
      `insert into finding_count (tenant_id, run_id, file, code, severity, row_count) values (current_tenant(), $1, 'f', 'x', 'error', 1)`,
    ])
      await tx.query(sql, [id]);
  });
  return id;
}

/** Which tables still have rows of a run. */
async function tablesOf(runId: string): Promise<string[]> {
  const tables = await owner<{ name: string; key: string }>(
    `select conrelid::regclass::text as name, 'run_id' as key from pg_constraint
      where contype = 'f' and confrelid = 'run'::regclass and conparentid = 0
     union select 'bulk.plan_item', 'run_id' union select 'bulk.finding', 'run_id' union select 'run', 'id'`,
  );
  const found: string[] = [];
  for (const { name, key } of tables)
    if ((await owner(`select 1 from ${name} where ${key} = $1 limit 1`, [runId])).length > 0)
      found.push(name);
  return found.sort();
}

async function runsOf(profileId: string): Promise<string[]> {
  const rows = await owner<{ id: string }>('select id from run where profile_id = $1 order by created_at', [
    profileId,
  ]);
  return rows.map(({ id }) => id);
}

const remove = (portionRows = 2): ReturnType<typeof removeOldRuns> =>
  removeOldRuns({ db: database.db, runRetentionDays: 400, portionRows });

test('runs that ended longer ago than that are gone with all their rows; the newest 20, the accepted and those that go on stay', async () => {
  const profileId = await insertProfile(database.db, database.tenantId);
  const accepted = await endedRun(profileId, 900);
  await owner('update profile set accepted_run_id = $2 where id = $1', [profileId, accepted]);
  const held = await endedRun(profileId, 890, { state: 'held' });
  const old = [];
  for (let number = 0; number < 4; number++)
    old.push(
      await endedRun(profileId, 800 - number, {
        state: ['completed', 'superseded', 'cancelled', 'rejected'][number] ?? '',
        items: 7,
      }),
    );
  assert.equal(
    (await tablesOf(old[0] ?? '')).length,
    10,
    'a table that refers to runs has no row in this test',
  );
  const newest = [];
  for (let number = 0; number < 20; number++)
    newest.push(await endedRun(profileId, 700 - number, { items: 1 }));

  const uploadOf = (id: string | undefined): string => `(select upload_id from run where id = '${id ?? ''}')`;
  await owner(`update upload set state = 'sealed' where id = ${uploadOf(old[1])}`);
  await owner(`update run set upload_id = ${uploadOf(old[2])} where id = '${newest[0] ?? ''}'`);

  assert.deepEqual(await remove(), { runs: 4, partitions: 0 });
  for (const id of old) assert.deepEqual(await tablesOf(id), [], 'nothing of a removed run is left');
  assert.deepEqual(await runsOf(profileId), [accepted, held, ...newest]);
  for (const id of [accepted, held, ...newest]) assert.equal((await tablesOf(id)).length, 10);
  const [uploads] = await owner<{ count: number }>(
    'select count(*)::int as count from upload where profile_id = $1',
    [profileId],
  );
  assert.equal(uploads?.count, 24, 'uploads that are erased, and of no other run, go with their run');
  assert.deepEqual(await remove(), { runs: 0, partitions: 0 });
});

test('of a deleted profile no run stays but the accepted one; younger ones wait for their time', async () => {
  const profileId = await insertProfile(database.db, database.tenantId);
  const accepted = await endedRun(profileId, 500);
  await endedRun(profileId, 450);
  const young = await endedRun(profileId, 399);
  assert.deepEqual(await remove(), { runs: 0, partitions: 0 }, 'it lives');
  await owner(
    `update profile set state = 'deleted', deleted_at = now(), accepted_run_id = $2 where id = $1`,
    [profileId, accepted],
  );
  assert.deepEqual(await remove(), { runs: 1, partitions: 0 });
  assert.deepEqual(await runsOf(profileId), [accepted, young]);
});

test('a month in which nothing has to stay is dropped whole; one with a run that stays is not', async () => {
  const profileId = await insertProfile(database.db, database.tenantId);
  await owner(`update profile set state = 'deleted', deleted_at = now() where id = $1`, [profileId]);
  const partitions = async (): Promise<string[]> => {
    const rows = await owner<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'bulk'::regnamespace and relname ~ '^(plan_item|finding)_201[01]_\\d\\d$' and relkind = 'r' order by 1`,
    );
    return rows.map(({ name }) => name);
  };
  for (const day of ['2010-03-01', '2011-03-01'])
    await owner('select ensure_partitions($1)', [`${day}T00:00:00Z`]);
  const daysAgo = (day: string): number => (Date.now() - Date.parse(day)) / DAY_MS;
  const goes = await endedRun(profileId, daysAgo('2010-03-10'));
  const stays = await endedRun(profileId, daysAgo('2011-03-10'), { state: 'held' });
  const beside = await endedRun(profileId, daysAgo('2011-03-11'));
  assert.equal((await partitions()).length, 8);

  // Somebody reads: the lock is not to be had, and the rows go in portions all the same.
  const reading = await database.db.owner.connect();
  await reading.query('begin');
  await reading.query('select count(*) from bulk.plan_item');
  assert.deepEqual(await remove(), { runs: 2, partitions: 3 }, 'those of findings alone');
  await reading.query('rollback');
  reading.release();
  assert.deepEqual([await tablesOf(goes), await tablesOf(beside)], [[], []]);

  assert.deepEqual(await remove(), { runs: 0, partitions: 3 });
  assert.deepEqual(await partitions(), ['finding_2011_03', 'plan_item_2011_03']);
  assert.equal((await tablesOf(stays)).length, 10);
});

test('a partition that cannot be dropped for another reason than somebody at work is no secret', async () => {
  await assert.rejects(
    asOwner(database.db, (tx) => dropPartition(tx, 'plan_item_of_no_month')),
    /does not exist/u,
  );
});

test('passwords of runs that ended more than a day ago are forgotten, once, in portions; those that may still be applied stay', async () => {
  const profileId = await insertProfile(database.db, database.tenantId);
  const done = await endedRun(profileId, 1.5, { items: 11 });
  const cancelled = await endedRun(profileId, 2, { state: 'cancelled' });
  const fresh = await endedRun(profileId, 0.5);
  const held = await endedRun(profileId, 9, { state: 'held' });
  const secrets = async (id: string): Promise<number> => {
    const rows = await owner('select 1 from bulk.plan_item where run_id = $1 and secret is not null', [id]);
    return rows.length;
  };
  const forget = (): Promise<number> => forgetPasswords({ db: database.db, portionRows: 4 });
  await forget();
  assert.deepEqual(
    [await secrets(done), await secrets(cancelled), await secrets(fresh), await secrets(held)],
    [0, 0, 3, 3],
  );
  const [run] = await owner<{ counts: object }>('select counts from run where id = $1', [done]);
  assert.deepEqual(run?.counts, { kinds: {}, secretsErased: true });
  assert.equal(await forget(), 0, 'what is done is not read again');
});

test('passwords of teachers are forgotten as those of students are, from the first item to the last', async () => {
  const runId = await endedRun(await insertProfile(database.db, database.tenantId), 3);
  const band = 200_000_000;
  for (const itemNo of [STUDENT_BAND + band, STUDENT_BAND + band + 1, STUDENT_BAND + 2 * band])
    await owner(
      `insert into bulk.plan_item (run_id, tenant_id, item_no, kind, action, reason, key, secret)
       select id, tenant_id, $2, 'teacher', 'create', 'newInSource', gen_random_uuid(), '\\x07' from run where id = $1`,
      [runId, itemNo],
    );
  await forgetPasswords({ db: database.db });
  assert.deepEqual(
    await owner('select item_no from bulk.plan_item where run_id = $1 and secret is not null', [runId]),
    [],
  );
});

test('a run that was stopped right behind its stage has no counts: its passwords go as well', async () => {
  const profileId = await insertProfile(database.db, database.tenantId);
  const stopped = await endedRun(profileId, 2, { state: 'cancelled' });
  await owner('update run set counts = null where id = $1', [stopped]);
  assert.equal(await forgetPasswords({ db: database.db }), 1);
  assert.deepEqual(
    await owner('select 1 from bulk.plan_item where run_id = $1 and secret is not null', [stopped]),
    [],
  );
  const [run] = await owner<{ counts: unknown }>('select counts from run where id = $1', [stopped]);
  assert.equal(run?.counts, null);
});

test('however long the service was away: passwords of a run without counts go, and it is looked at no more', async () => {
  const profileId = await insertProfile(database.db, database.tenantId);
  const stopped = await endedRun(profileId, 30, { state: 'cancelled' });
  await owner('update run set counts = null where id = $1', [stopped]);
  assert.equal(await forgetPasswords({ db: database.db }), 1);
  assert.deepEqual(
    await owner('select 1 from bulk.plan_item where run_id = $1 and secret is not null', [stopped]),
    [],
  );
  assert.equal(await forgetPasswords({ db: database.db }), 0);
});

test('what is wrong with one run keeps the passwords and the history of no other', async () => {
  const profileId = await insertProfile(database.db, database.tenantId);
  const [stuck, free] = [await endedRun(profileId, 700), await endedRun(profileId, 690)];
  await owner(`update profile set state = 'deleted', deleted_at = now() where id = $1`, [profileId]);
  await owner(
    `create function refuse() returns trigger language plpgsql as
       $$ begin if old.id = '${stuck}' then raise 'not this one'; end if;
          if tg_op = 'DELETE' then return old; end if; return new; end $$`,
  );
  await owner('create trigger refuse before update or delete on run for each row execute function refuse()');
  const withPasswords = (): Promise<{ run_id: string }[]> =>
    owner('select distinct run_id from bulk.plan_item where secret is not null and run_id = any($1)', [
      [stuck, free],
    ]);
  try {
    await assert.rejects(forgetPasswords({ db: database.db }), /not this one/);
    assert.deepEqual(await withPasswords(), [{ run_id: stuck }]);
    await assert.rejects(remove(), /not this one/);
    assert.deepEqual(await runsOf(profileId), [stuck]);
  } finally {
    await owner('drop trigger refuse on run');
  }
  await remove();
  assert.deepEqual(await runsOf(profileId), []);
});

test('membership changes are kept for as long as a link to them may be good, and no longer', async () => {
  await inTenant(database.db, database.tenantId, (tx) =>
    tx.query(
      `insert into membership_change (tenant_id, change_seq, class_ids, created_at)
       select current_tenant(), n, array[]::uuid[], now() - make_interval(days => n) from unnest(array[1, 14, 16, 17, 40]) n`,
    ),
  );
  await forgetOldMembershipChanges({ db: database.db, portionRows: 2 });
  assert.deepEqual(
    (await owner<{ seq: string }>('select change_seq as seq from membership_change order by 1')).map(
      ({ seq }) => Number(seq),
    ),
    [1, 14],
  );
  const [counter] = await owner<{ seq: string }>(
    `select forgotten_seq as seq from tenant_counter where tenant_id = '${database.tenantId}'`,
  );
  assert.equal(Number(counter?.seq), 40, 'and up to where they are not');
});
