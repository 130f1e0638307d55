/** What a worker that claims a run gets, or makes of it, in the states in which it may find it. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { requestCancel } from '#storage/runs/cancel-run.ts';
import { type ClaimResult, claimRun } from '#storage/runs/claim-run.ts';
import { renewLease } from '#storage/runs/lease-run.ts';
import { transitionRun } from '#storage/runs/transition-run.ts';
import { profileBench } from '#test/helpers/profile-commands.ts';

import { patchProfileSettings } from './profiles/profile-settings.ts';
import { startProfile } from './profiles/start-profile.ts';

const bench = await profileBench();
after(() => bench.close());

let made = 0;
const newProfile = (): Promise<string> => bench.provisioned(`Claimed ${(made += 1)}`);
async function start(profileId: string): Promise<string> {
  await bench.upload(profileId, 'school.csv');
  return (await startProfile(bench.context, bench.actor, profileId)).runId;
}
const claim = (runId: string): Promise<ClaimResult> =>
  inTenant(bench.db, bench.tenantId, (tx) =>
    claimRun(tx, { runId, worker: 'test', leaseSeconds: 30, newId: realSystem.newId }),
  );
const stateOf = async (runId: string): Promise<unknown> =>
  (await bench.rows<{ state: string }>('select state from run where id = $1', runId))[0]?.state;

for (const state of ['queued', 'broken'] as const)
  test(`a ${state} run that is to wait waits, whoever wakes it`, async () => {
    const runId = await start(await newProfile());
    await bench.setRun(runId, state);
    await bench.rows(`update run set next_attempt_at = now() + interval '1 minute' where id = $1`, runId);
    assert.equal(await claim(runId), 'nothingToDo');
    assert.equal(await stateOf(runId), state);
    await bench.rows('update run set next_attempt_at = now() where id = $1', runId);
    assert.equal(typeof (await claim(runId)), 'object');
  });

test('one run of a profile executes, whoever holds the other one', async () => {
  const profileId = await newProfile();
  const first = await start(profileId);
  assert.equal(typeof (await claim(first)), 'object');
  assert.equal(await claim(first), 'busy');
  const second = await start(profileId);
  assert.equal(await claim(second), 'busy');
  await bench.rows(`update run set lease_expires_at = now() - interval '1 second' where id = $1`, first);
  assert.equal(await claim(second), 'busy', 'the one before is to be taken over first');
  await bench.setRun(first, 'completed');
  assert.equal(typeof (await claim(second)), 'object');
});

for (const [name, alsoStopped] of [
  ['', null],
  [', of an expired profile too', `update profile set expiration_date = '2026-01-01' where id = $1`],
] as const)
  test(`a run that broke off while a newer one was queued gives way to it${name}`, async () => {
    const profileId = await newProfile();
    const broken = await start(profileId);
    await bench.setRun(broken, 'staging');
    await start(profileId);
    await bench.setRun(broken, 'broken', { errorCode: 'InternalError' });
    if (alsoStopped !== null) await bench.rows(alsoStopped, profileId);
    assert.equal(await claim(broken), 'nothingToDo');
    assert.equal(await stateOf(broken), 'superseded');
  });

test('a plan that is applied ends what it was made to end, whatever the window says by then', async () => {
  const everyTime = { addsOnly: [{ from: '00:00', to: '24:00' }] };
  for (const [schedule, madeForAddsOnly] of [
    [everyTime, false],
    [null, true],
  ] as const) {
    const profileId = await newProfile();
    const runId = await start(profileId);
    await patchProfileSettings(bench.context, bench.actor, profileId, { schedule });
    await bench.rows(
      `update run set state = 'applying', planned_at = now(), adds_only = $2 where id = $1`,
      runId,
      madeForAddsOnly,
    );
    const applied = await claim(runId);
    assert.equal(typeof applied === 'object' && applied.addsOnly, madeForAddsOnly);
    await bench.rows(
      `update run set state = 'staging', planned_at = null, lease_expires_at = now() where id = $1`,
      runId,
    );
    const again = await claim(runId);
    assert.equal(typeof again === 'object' && again.addsOnly, schedule !== null, 'what is planned anew');
  }
});

test('a lease is renewed while its run executes, by whoever has it', async () => {
  const runId = await start(await newProfile());
  const claimed = await claim(runId);
  assert.ok(typeof claimed === 'object');
  const renew = (epoch: number): Promise<void> =>
    inTenant(bench.db, bench.tenantId, (tx) => renewLease(tx, { runId, epoch, leaseSeconds: 30 }));
  await renew(claimed.epoch);
  await assert.rejects(renew(claimed.epoch - 1), { name: 'LeaseLostError' });
  await bench.setRun(runId, 'held', { errorCode: 'ValidationFailed' });
  await assert.rejects(renew(claimed.epoch), { name: 'LeaseLostError' });
  assert.deepEqual(await bench.rows('select lease_expires_at as until from run where id = $1', runId), [
    { until: null },
  ]);
});

test('a run that somebody has asked to stop comes to no other end', async () => {
  const runId = await start(await newProfile());
  const claimed = await claim(runId);
  assert.ok(typeof claimed === 'object');
  const by = { runId, actor: 'test', eventId: realSystem.newId() };
  await inTenant(bench.db, bench.tenantId, (tx) => requestCancel(tx, { ...by, state: 'staging' }));
  const take = (event: 'stopped' | 'broke' | 'paused' | 'cancel') =>
    inTenant(bench.db, bench.tenantId, (tx) =>
      transitionRun(tx, {
        ...by,
        eventId: realSystem.newId(),
        epoch: claimed.epoch,
        from: 'staging',
        event,
      }),
    );
  for (const event of ['stopped', 'broke', 'paused'] as const)
    await assert.rejects(take(event), { name: 'LeaseLostError' }, event);
  assert.equal(await take('cancel'), 'cancelled');
});
