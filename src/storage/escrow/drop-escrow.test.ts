import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { ESCROW_DAYS } from '#core/run/escrow-ladder.ts';
import type { RunState } from '#core/run/run-state.ts';
import { realSystem } from '#lib/system.ts';
import { asOwner, inTenant } from '#storage/database.ts';
import { testDatabase } from '#test/helpers/database.ts';
import { insertProfile } from '#test/helpers/insert-profile.ts';

import { dropOverdue, listOverdueProfiles } from './drop-escrow.ts';

const database = await testDatabase();
after(() => database.close());

/** A profile with one record in escrow, since so many days, due since a moment, and a run in that state. */
async function profileWith(days: number, runState: RunState): Promise<string> {
  const profileId = await insertProfile(database.db, database.tenantId);
  await inTenant(database.db, database.tenantId, async (tx) => {
    const runId = realSystem.newId();
    await tx.query(
      `insert into run (tenant_id, id, profile_id, state, requested_by) values (current_tenant(), $1, $2, $3, 'test')`,
      [runId, profileId, runState],
    );
    await tx.query(
      `insert into escrow (tenant_id, profile_id, key, kind, source_id, code, message, last_run_id, first_at, next_attempt_at)
       values (current_tenant(), $1, $2, 'student', 'S1', 'UnsynchronizableChange', 'no account', $3,
               now() - make_interval(days => $4), now())`,
      [profileId, realSystem.newId(), runId, days],
    );
  });
  return profileId;
}

const CASES: [days: number, runState: RunState, isDropped: boolean][] = [
  [ESCROW_DAYS - 1, 'completed', false],
  [ESCROW_DAYS, 'completed', true],
  // It tries them, and decides itself what it drops.
  [ESCROW_DAYS, 'queued', false],
  [ESCROW_DAYS, 'staging', false],
  [ESCROW_DAYS, 'planning', false],
  [ESCROW_DAYS, 'applying', false],
  [ESCROW_DAYS, 'broken', false],
  // Nobody knows when somebody decides.
  [ESCROW_DAYS, 'held', true],
  [ESCROW_DAYS, 'suspended', true],
];
for (const [days, runState, isDropped] of CASES)
  test(`after ${days} days, with a ${runState} run: ${isDropped ? 'dropped' : 'kept'}`, async () => {
    const profileId = await profileWith(days, runState);
    const listed = await asOwner(database.db, listOverdueProfiles);
    assert.equal(
      listed.some((overdue) => overdue.profileId === profileId),
      isDropped,
    );
    const dropped = await inTenant(database.db, database.tenantId, (tx) => dropOverdue(tx, profileId));
    assert.deepEqual(dropped, isDropped ? [{ code: 'UnsynchronizableChange', records: 1 }] : []);
    const again = await inTenant(database.db, database.tenantId, (tx) => dropOverdue(tx, profileId));
    assert.deepEqual(again, [], 'once');
  });
