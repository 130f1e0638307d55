import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { profileBench, type ProfileBench } from '#test/helpers/profile-commands.ts';

import { decidePlan } from './decide-plan.ts';
import { startProfile } from './start-profile.ts';

let bench: ProfileBench;
before(async () => {
  bench = await profileBench();
});
after(() => bench.close());

test('the last part of a plan is turned down while the run of an expiration is queued: that is said, and is no bug', async () => {
  const { context, actor } = bench;
  const profileId = await bench.provisioned();
  await bench.upload(profileId, 'School.csv');
  const { runId } = await startProfile(context, actor, profileId);
  await bench.setRun(runId, 'held', { errorCode: 'PartHeld' });
  await bench.rows(
    `insert into plan (tenant_id, run_id, roster_hash, item_count, counts, verdict, plan_hash) values (current_tenant(), $1, '', 3, '[]', '{"outcome":"partlyHeld","reasons":[]}', 'h')`,
    runId,
  );
  await bench.rows(
    `insert into plan_hold (tenant_id, run_id, scope, scope_id, reasons, item_count) values (current_tenant(), $1, 'school', 's1', '[]', 3)`,
    runId,
  );
  await bench.rows('update run set planned_at = now() where id = $1', runId);
  // It waits for the window of the schedule, or for a worker.
  await bench.rows(
    `insert into run (tenant_id, id, profile_id, state, requested_by, trigger, expired_on) values (current_tenant(), $1, $2, 'queued', 'scheduler', 'expiration', '2026-07-31')`,
    realSystem.newId(),
    profileId,
  );
  await assert.rejects(decidePlan(context, actor, runId, { decision: 'rejected' }), {
    name: 'ConflictError',
  });
});
