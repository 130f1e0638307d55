import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import type { ResetScope } from '#core/run/reset-scopes.ts';
import type { RunState } from '#core/run/run-state.ts';
import { inTenant } from '#storage/database.ts';
import { raiseNotice } from '#storage/notices/raise-notice.ts';
import { profileBench } from '#test/helpers/profile-commands.ts';

import { getProfileStatus } from './read-profiles.ts';
import { resetProfile } from './reset-profile.ts';
import { resumeProfile } from './resume-profile.ts';
import { startProfile } from './start-profile.ts';

const bench = await profileBench();
after(() => bench.close());

const reset = (id: string, ...scopes: ResetScope[]) =>
  resetProfile(bench.context, bench.actor, id, new Set(scopes));

const STATES: [state: RunState, planned: boolean, refused: boolean][] = [
  ['queued', false, false],
  ['queued', true, true],
  ['staging', false, true],
  ['planning', false, true],
  ['held', false, false],
  ['held', true, true],
  ['applying', true, true],
  ['suspended', false, false],
  ['suspended', true, true],
  ['broken', false, false],
  ['broken', true, true],
  ['completed', true, false],
  ['rejected', true, false],
];
for (const [state, planned, refused] of STATES)
  test(`the snapshot beside a ${state} run ${planned ? 'with' : 'without'} a plan: ${refused ? 'is kept' : 'can be reset'}`, async () => {
    const id = await bench.provisioned(`Reset ${state} ${planned}`);
    await bench.upload(id, 'school.csv');
    const { runId } = await startProfile(bench.context, bench.actor, id);
    await bench.setRun(runId, state);
    if (planned) await bench.rows('update run set planned_at = now() where id = $1', runId);
    if (refused)
      await assert.rejects(reset(id, 'snapshot'), {
        name: 'ConflictError',
        message: /^The snapshot cannot be reset while a plan that was made with it is applied or waits\./u,
      });
    else await reset(id, 'snapshot');
    assert.equal((await bench.latestRun(id))['state'], state, 'the run is left alone');
    await reset(id, 'snapshot', 'watermark');
  });

test('a reset of the watermark ends what was told of the profile: the same reason is told again', async () => {
  const id = await bench.provisioned('Told');
  const tell = (): Promise<boolean> =>
    inTenant(bench.db, bench.tenantId, (tx) =>
      raiseNotice(tx, {
        id: bench.context.system.newId(),
        profileId: id,
        runId: null,
        event: 'held',
        reasonKey: 'VerdictHeld',
        payload: {},
      }),
    );
  assert.equal(await tell(), true);
  await reset(id, 'errors', 'escrow', 'snapshot', 'quarantine');
  assert.equal(await tell(), false, 'it still waits');
  await reset(id, 'watermark');
  assert.equal(await tell(), true);
  const events = await bench.rows<{ event: string }>('select event from notice where profile_id = $1', id);
  assert.deepEqual(
    events.map(({ event }) => event),
    ['held', 'held'],
    'nobody is told that it is over',
  );
});

test('the clock is set back after a reset: what is started then is newer than the reset all the same', async () => {
  const id = await bench.provisioned('Set back');
  await reset(id, 'watermark');
  await bench.rows(`update profile set reset_at = now() + interval '1 hour' where id = $1`, id);
  await bench.upload(id, 'school.csv');
  const { runId } = await startProfile(bench.context, bench.actor, id);
  await bench.setRun(runId, 'held', { errorCode: 'ValidationFailed', message: 'Too many rows have errors.' });
  const { status } = await getProfileStatus(bench.context, bench.tenantId, id, false);
  assert.equal(status, 'validationError');
  await resumeProfile(bench.context, bench.actor, id);
  assert.equal((await bench.latestRun(id))['state'], 'queued');
});

test('the clock is set back before a reset: what was started until then is forgotten all the same', async () => {
  const id = await bench.provisioned('Set back before');
  await bench.upload(id, 'school.csv');
  const { runId } = await startProfile(bench.context, bench.actor, id);
  await bench.setRun(runId, 'completed');
  await bench.rows(`update run set created_at = now() + interval '1 hour' where id = $1`, runId);
  const statusOf = async () => (await getProfileStatus(bench.context, bench.tenantId, id, false)).status;
  assert.equal(await statusOf(), 'success');
  await reset(id, 'watermark');
  assert.equal(await statusOf(), 'paused');
});
