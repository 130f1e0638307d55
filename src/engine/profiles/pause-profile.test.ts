import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { profileBench } from '#test/helpers/profile-commands.ts';

import { pauseProfile } from './pause-profile.ts';
import { planProfile } from './plan-profile.ts';
import { startProfile } from './start-profile.ts';

const bench = await profileBench();
after(() => bench.close());

test('a pause suspends what waits for its turn or its next attempt, and leaves a preview: it changes nothing', async () => {
  const states: [isPreview: boolean, state: 'queued' | 'broken', then: string][] = [
    [false, 'queued', 'suspended'],
    [false, 'broken', 'suspended'],
    [true, 'queued', 'queued'],
    [true, 'broken', 'broken'],
  ];
  for (const [isPreview, state, then] of states) {
    const id = await bench.provisioned(`${isPreview ? 'Preview' : 'Sync'} ${state}`);
    await bench.upload(id, 'school.csv');
    const runId = isPreview
      ? await planProfile(bench.context, bench.actor, id)
      : (await startProfile(bench.context, bench.actor, id)).runId;
    await bench.setRun(runId, state);
    await pauseProfile(bench.context, bench.actor, id);
    assert.equal((await bench.latestRun(id))['state'], then, `${isPreview} ${state}`);
  }
});
