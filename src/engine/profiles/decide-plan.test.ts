/** What a decision about one plan does to all else of its profile. Whole syncs: test/scenarios/plans.test.ts. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import type { HeldCode } from '#core/run/held-because.ts';
import { inTenant } from '#storage/database.ts';
import { raiseNotice } from '#storage/notices/raise-notice.ts';
import { profileBench } from '#test/helpers/profile-commands.ts';

import { decidePlan, type PlanDecision } from './decide-plan.ts';
import { planProfile } from './plan-profile.ts';
import { startProfile } from './start-profile.ts';

const bench = await profileBench();
after(() => bench.close());

const PLAN_HASH = 'abcdef';
let made = 0;
const newProfile = (): Promise<string> => bench.provisioned(`Decided ${(made += 1)}`);

/** A start, or a preview, that waits for that reason, with a plan. */
async function waiting(id: string, code: HeldCode): Promise<string> {
  await bench.upload(id, 'school.csv');
  const runId =
    code === 'PreviewReady'
      ? await planProfile(bench.context, bench.actor, id)
      : (await startProfile(bench.context, bench.actor, id)).runId;
  await bench.rows(`update run set state = 'held', error_code = $2 where id = $1`, runId, code);
  await bench.rows(
    `insert into plan (tenant_id, run_id, roster_hash, item_count, counts, verdict, base_run_id, plan_hash)
     select current_tenant(), r.id, '', 0, '[]', '{}', p.accepted_run_id, $2
       from run r join profile p on p.id = r.profile_id where r.id = $1`,
    runId,
    PLAN_HASH,
  );
  return runId;
}
const decide = (runId: string, decision: PlanDecision['decision'], planHash?: string): Promise<void> =>
  decidePlan(bench.context, bench.actor, runId, { decision, planHash });
const stateOf = async (runId: string): Promise<unknown> =>
  (await bench.rows<{ state: string }>('select state from run where id = $1', runId))[0]?.state;

for (const [code, then] of [
  ['VerdictHeld', 'superseded'],
  ['ApprovalNeeded', 'superseded'],
  ['ValidationFailed', 'held'],
  ['FilesNeedConfirmation', 'held'],
  ['PartHeld', 'held'],
] as const)
  test(`a preview is approved beside a newer run that is held (${code}): that one is ${then}`, async () => {
    const id = await newProfile();
    const preview = await waiting(id, 'PreviewReady');
    const other = await waiting(id, code);
    await decide(preview, 'approved');
    assert.equal(await stateOf(preview), 'queued');
    assert.equal(await stateOf(other), then);
  });

test('the hash of the plan that was looked at: in any case of letters, and no other one', async () => {
  const runId = await waiting(await newProfile(), 'VerdictHeld');
  await assert.rejects(decide(runId, 'approved', 'abcdee'), {
    name: 'ConflictError',
    message: /another one/u,
  });
  assert.equal(await stateOf(runId), 'held');
  await decide(runId, 'approved', PLAN_HASH.toUpperCase());
  assert.equal(await stateOf(runId), 'queued');
});

for (const [name, code, trigger, closes, restores] of [
  ['a plan that its verdict holds', 'VerdictHeld', 'start', true, true],
  ['what was to follow an expiration', 'ApprovalNeeded', 'expiration', true, false],
  ['a preview', 'PreviewReady', 'plan', false, false],
] as const satisfies [string, HeldCode, string, boolean, boolean][])
  test(`${name} is rejected: ${closes ? 'nobody waits any more' : 'who waits goes on waiting'}, and the errors of before ${restores ? 'are back' : 'stay'}`, async () => {
    const id = await newProfile();
    const runId = await waiting(id, code);
    await bench.rows(`update run set trigger = $2, expired_on = '2026-06-30' where id = $1`, runId, trigger);
    await inTenant(bench.db, bench.tenantId, (tx) =>
      raiseNotice(tx, {
        id: bench.context.system.newId(),
        profileId: id,
        runId,
        event: 'held',
        reasonKey: code,
        payload: {},
      }),
    );
    // No run went in before, so there were no errors.
    await bench.rows(
      `insert into record_error (tenant_id, profile_id, id, run_id, entry_type, error_code, error_message)
       values (current_tenant(), $1, $2, $3, 'Student', 'ID_INVALID', 'no id')`,
      id,
      bench.context.system.newId(),
      runId,
    );
    await decide(runId, 'rejected');
    assert.equal(await stateOf(runId), 'rejected');
    const [open] = await bench.rows<object>(
      `select (select count(*)::integer from notice where profile_id = $1 and closed_at is null) as notices,
              (select count(*)::integer from record_error where profile_id = $1) as errors`,
      id,
    );
    assert.deepEqual(open, { notices: closes ? 0 : 1, errors: restores ? 0 : 1 });
  });
