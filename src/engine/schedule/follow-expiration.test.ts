/** When the run of an expiration is queued. What it does: test/scenarios/expiration.test.ts. */
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';

import type { RunState } from '#core/run/run-state.ts';
import { must } from '#lib/assert.ts';
import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { raiseNotice } from '#storage/notices/raise-notice.ts';
import { scheduleBench } from '#test/helpers/schedule-bench.ts';

import { startProfile } from '../profiles/start-profile.ts';
import { updateProfile } from '../profiles/update-profile.ts';

const { bench, state, newProfile, schedule, profileNow, look, runs, triggers, close } = await scheduleBench();
after(close);
beforeEach(async () => {
  await newProfile();
  await schedule({ onExpiration: 'expireClasses' });
  await bench.rows(
    `insert into link (tenant_id, source_system_id, kind, source_id, key, content, object_id, attributes)
     select current_tenant(), source_system_id, 'class', 'C1', $2, 0, $2, '{}' from profile where id = $1`,
    state.profileId,
    realSystem.newId(),
  );
});

const expire = (expirationDate: string): Promise<unknown> =>
  bench.rows('update profile set expiration_date = $2 where id = $1', state.profileId, expirationDate);

test('once for a date; one that was moved and is set again is another expiration', async () => {
  await expire('2026-01-01');
  await look();
  assert.deepEqual(await triggers(), ['expiration']);
  await bench.setRun(must((await runs())[0]).id, 'rejected');
  await look();
  assert.deepEqual(await triggers(), ['expiration'], 'it was rejected');
  await expire('2100-01-01');
  await look();
  await expire('2026-01-01');
  await look();
  assert.deepEqual(await triggers(), ['expiration', 'expiration']);
});

for (const [runState, waits] of [
  ['queued', true],
  ['staging', true],
  ['broken', true],
  ['held', false],
  ['suspended', false],
  ['completed', false],
] as const satisfies [RunState, boolean][])
  test(`beside a ${runState} run it ${waits ? 'waits' : 'is queued'}`, async () => {
    await bench.upload(state.profileId, 'school.csv');
    const { runId } = await startProfile(bench.context, bench.actor, state.profileId);
    await bench.setRun(runId, runState);
    await expire('2026-01-01');
    await look();
    assert.deepEqual(await triggers(), waits ? ['start'] : ['start', 'expiration']);
    await bench.setRun(runId, 'cancelled');
    await look();
    assert.deepEqual(await triggers(), ['start', 'expiration'], 'a later look meets it again');
  });

for (const [name, holdBack, letGo] of [
  [
    'the profile is paused',
    'update profile set paused_at = now() where id = $1',
    'update profile set paused_at = null where id = $1',
  ],
  [
    'no class is active',
    'update link set active = false where source_system_id = (select source_system_id from profile where id = $1)',
    'update link set active = true where source_system_id = (select source_system_id from profile where id = $1)',
  ],
] as const)
  test(`not while ${name}`, async () => {
    await expire('2026-01-01');
    const seen = await profileNow();
    await bench.rows(holdBack, state.profileId);
    await look(undefined, seen);
    assert.deepEqual(await triggers(), []);
    await bench.rows(letGo, state.profileId);
    await look();
    assert.deepEqual(await triggers(), ['expiration']);
  });

for (const [name, runState, applied, then] of [
  ['waits for its approval', 'held', 0, 'cancelled'],
  ['is queued', 'queued', 0, 'cancelled'],
  ['was paused before anything of it was applied', 'suspended', 0, 'cancelled'],
  ['was paused half way', 'suspended', 5, 'suspended'],
] as const satisfies [string, RunState, number, RunState][])
  test(`the date is moved while it ${name}: ${then === 'cancelled' ? 'it is cancelled' : 'it goes on to its end'}`, async () => {
    await expire('2026-01-01');
    await look();
    const { id } = must((await runs())[0]);
    await bench.setRun(id, runState, runState === 'held' ? { errorCode: 'ApprovalNeeded' } : {});
    await bench.rows('update run set applied_item_no = $2 where id = $1', id, applied);
    await inTenant(bench.db, bench.tenantId, (tx) =>
      raiseNotice(tx, {
        id: realSystem.newId(),
        profileId: state.profileId,
        runId: id,
        event: 'held',
        reasonKey: 'ApprovalNeeded',
        payload: {},
      }),
    );
    await updateProfile(bench.context, bench.actor, state.profileId, {
      definition: { expirationDate: '2100-01-01' },
      clientSecret: null,
    });
    assert.equal((await runs())[0]?.state, then);
    const open = await bench.rows(
      `select event from notice where profile_id = $1 and closed_at is null order by event`,
      state.profileId,
    );
    const expired = { event: 'expired' };
    assert.deepEqual(open, then === 'cancelled' ? [expired] : [expired, { event: 'held' }]);
  });
