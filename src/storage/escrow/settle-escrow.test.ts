import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { nextAttemptAt } from '#core/run/escrow-ladder.ts';
import { realSystem } from '#lib/system.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import { type TestDatabase, testDatabase } from '#test/helpers/database.ts';
import { addSourceSystem } from '#test/helpers/plan-and-apply.ts';
import { replaceRecordErrors } from '../runs/finish-run.ts';
import { keepEscrowedItems } from './keep-escrowed-items.ts';
import { settleEscrow } from './settle-escrow.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

/** Far above what the statements need, far below what a loop over all items for each failure takes. */
async function bounded<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  return inTenant(database.db, database.tenantId, async (tx) => {
    await tx.query(`set local statement_timeout = '20s'`);
    return work(tx);
  });
}

const PEOPLE = 20_000;

/** A run in which the first `failing` people have failed, and three memberships wait for each. */
async function failedRun(
  profileId: string,
  people: number,
  failing: number,
  trigger = 'start',
): Promise<string> {
  const runId = realSystem.newId();
  await bounded(async (tx) => {
    await tx.query(`update run set state = 'completed' where profile_id = $1`, [profileId]);
    await tx.query(
      `insert into run (tenant_id, id, profile_id, state, epoch, requested_by, trigger, created_at)
       values (current_tenant(), $1, $2, 'applying', 1, 'test', $3, clock_timestamp())`,
      [runId, profileId, trigger],
    );
    await tx.query(
      `insert into bulk.plan_item (run_id, item_no, kind, action, reason, key, content, source_id, first_key, second_key, after)
       select $1::uuid, 800000000 + n, 'student', 'create', 'newInSource', md5('student' || n)::uuid, n, 'P' || n, null::uuid, null::uuid, '{}'::jsonb
         from generate_series(1, $2::integer) n
       union all
       select $1::uuid, 1400000000 + 3 * n + m, 'enrollment', 'create', 'newInSource', md5('enrollment' || n || '/' || m)::uuid, n, 'E' || n,
              md5('class' || m)::uuid, md5('student' || n)::uuid, '{}'
         from generate_series(1, $2) n, generate_series(0, 2) m`,
      [runId, people],
    );
    await tx.query(
      `insert into plan_item_failure (tenant_id, run_id, item_no, code, message, because_of)
       select current_tenant(), $1::uuid, 800000000 + n, 'UnsynchronizableChange', 'No account.', null::integer from generate_series(1, $2::integer) n
       union all
       select current_tenant(), $1::uuid, 1400000000 + 3 * n + m, 'InvalidLookupReference', 'Waits.', 800000000 + n
         from generate_series(1, $2) n, generate_series(0, 2) m`,
      [runId, failing],
    );
  });
  return runId;
}

test('as many failures as people: set by set, without a loop over all items for each; waiting records are counted, not listed', async () => {
  const { profileId } = await addSourceSystem(database.db, database.tenantId);
  const runId = await failedRun(profileId, PEOPLE, PEOPLE);
  const run = { profileId, runId, retry: false };
  const settled = await bounded((tx) => settleEscrow(tx, run));
  assert.deepEqual(settled, { ownFailures: PEOPLE, allFailures: 4 * PEOPLE, dropped: [] });
  assert.equal(await bounded((tx) => replaceRecordErrors(tx, profileId, runId)), PEOPLE);

  await bounded((tx) =>
    tx.query('update escrow set next_attempt_at = now() where profile_id = $1', [profileId]),
  );
  const retryId = await failedRun(profileId, PEOPLE, 10, 'retry');
  assert.equal(await bounded((tx) => keepEscrowedItems(tx, retryId)), 4 * PEOPLE);
  const after = await bounded((tx) => settleEscrow(tx, { profileId, runId: retryId, retry: true }));
  assert.deepEqual(after, { ownFailures: 10, allFailures: 40, dropped: [] });
});

test('the database takes the ladder as core/run/escrow-ladder says', async () => {
  const { profileId } = await addSourceSystem(database.db, database.tenantId);
  for (const days of [0, 1, 27.5, 28, 40]) {
    for (const attempts of [1, 2, 3, 9]) {
      await bounded((tx) => tx.query('delete from escrow where profile_id = $1', [profileId]));
      const first = await failedRun(profileId, 1, 1);
      await bounded((tx) => settleEscrow(tx, { profileId, runId: first, retry: false }));
      await bounded((tx) =>
        tx.query(
          `update escrow set attempts = $2, first_at = now() - make_interval(secs => $3::float8 * 86400) where profile_id = $1`,
          [profileId, attempts, days],
        ),
      );
      const runId = await failedRun(profileId, 1, 1);
      const { dropped } = await bounded((tx) => settleEscrow(tx, { profileId, runId, retry: false }));
      const [row] = await bounded((tx) =>
        tx.query<{ attempts: number; first_at: Date; last_at: Date; next_attempt_at: Date | null }>(
          'select attempts, first_at, last_at, next_attempt_at from escrow where profile_id = $1',
          [profileId],
        ),
      );
      assert.ok(row);
      assert.equal(row.attempts, attempts + 1);
      const expected = nextAttemptAt(row.attempts, row.first_at, row.last_at);
      assert.deepEqual(row.next_attempt_at, expected, `${days} days, ${attempts} attempts`);
      assert.equal(dropped.length, expected === null ? 1 : 0);
    }
  }
});

test('a record is dropped once: one that fails in later uploads as well is told of no more', async () => {
  const { profileId } = await addSourceSystem(database.db, database.tenantId);
  const settleFailed = async () => {
    const runId = await failedRun(profileId, 1, 1);
    return (await bounded((tx) => settleEscrow(tx, { profileId, runId, retry: false }))).dropped;
  };
  assert.deepEqual(await settleFailed(), []);
  await bounded((tx) =>
    tx.query(`update escrow set first_at = now() - interval '40 days' where profile_id = $1`, [profileId]),
  );
  assert.deepEqual(await settleFailed(), [{ code: 'UnsynchronizableChange', records: 1 }]);
  assert.deepEqual(await settleFailed(), []);
});

test('another pass of apply of the same run is no other attempt', async () => {
  const { profileId } = await addSourceSystem(database.db, database.tenantId);
  const first = await failedRun(profileId, 1, 1);
  const settle = (runId: string) => bounded((tx) => settleEscrow(tx, { profileId, runId, retry: false }));
  const kept = () =>
    bounded((tx) =>
      tx.query(
        `select attempts, round(extract(epoch from next_attempt_at - last_at) / 3600)::integer as hours from escrow where profile_id = $1`,
        [profileId],
      ),
    );
  await settle(first);
  await settle(first);
  assert.deepEqual(await kept(), [{ attempts: 1, hours: 6 }]);
  await settle(await failedRun(profileId, 1, 1));
  assert.deepEqual(await kept(), [{ attempts: 2, hours: 12 }]);
});

test('what was set aside as stale or held back stays in escrow; what is not in the roster any more goes', async () => {
  const { profileId } = await addSourceSystem(database.db, database.tenantId);
  const first = await failedRun(profileId, 4, 4);
  await bounded((tx) => settleEscrow(tx, { profileId, runId: first, retry: false }));
  await bounded((tx) =>
    tx.query('update escrow set next_attempt_at = now() where profile_id = $1', [profileId]),
  );
  const runId = await failedRun(profileId, 3, 0);
  await bounded(async (tx) => {
    await tx.query(
      `insert into plan_item_failure (tenant_id, run_id, item_no, code, message) values (current_tenant(), $1, 800000001, 'StaleItem', 'x')`,
      [runId],
    );
    await tx.query(
      `insert into plan_item_hold (tenant_id, run_id, item_no, scope, scope_id) values (current_tenant(), $1, 800000002, 'school', 'S1')`,
      [runId],
    );
    await settleEscrow(tx, { profileId, runId, retry: false });
  });
  const left = await bounded((tx) =>
    tx.query<{ source_id: string; attempts: number; later: boolean }>(
      `select source_id, attempts, next_attempt_at > now() + interval '5 hours' as later
         from escrow where profile_id = $1 order by source_id`,
      [profileId],
    ),
  );
  // What was stale is tried again, but not at once and over again.
  assert.deepEqual(left, [
    { source_id: 'P1', attempts: 1, later: true },
    { source_id: 'P2', attempts: 1, later: false },
  ]);
});
