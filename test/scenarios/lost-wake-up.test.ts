/** A start is done once it is committed: that no worker can be woken afterwards is no failure of it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { syncClient } from '#test/helpers/sync-client.ts';

let rollbook: TestRollbook;
before(async () => {
  rollbook = await startTestRollbook({ settings: { START_WAIT_SECONDS: '0' } });
});
after(() => rollbook.stop());

test('a start whose wake-up is lost is answered, and the sweep finds its run', async () => {
  const client = syncClient(rollbook);
  const profile = await client.createProfile({ displayName: 'Lost wake-up' });
  await client.upload(profile, csvFiles(smallRoster()));
  await rollbook.rows('alter schema graphile_worker rename to away');
  const { status, body } = await client.start(profile);
  await rollbook.rows('alter schema away rename to graphile_worker');
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal((await client.settled(profile)).status, 'success');
  assert.ok(rollbook.logLines.some((line) => line.includes('no worker could be woken')));
});
