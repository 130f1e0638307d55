import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startTestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { syncClient } from '#test/helpers/sync-client.ts';

test('who leaves before start is answered, as Ctrl-C does, is waited for no more: a stop meets no bug', async () => {
  // Without a worker the run stays queued, and start waits.
  const rollbook = await startTestRollbook({ settings: { MODE: 'api' } });
  let isStopped = false;
  try {
    const client = syncClient(rollbook);
    const id = await client.createProfile();
    await client.upload(id, csvFiles(smallRoster({ schools: 1, sections: 1, students: 2 })));
    const leaving = new AbortController();
    const path = `/beta/education/synchronizationProfiles/${id}/start`;
    const headers = { 'content-type': 'application/json' };
    const call = { method: 'POST', headers, body: '{}', signal: leaving.signal };
    const started = rollbook.api(path, call).catch(() => 'left');
    // It waits from here on: the last thing before is to wake a worker.
    const woken = `select 1 from run join graphile_worker.jobs on key like '%' || run.id`;
    while ((await rollbook.rows(woken)).length === 0);
    leaving.abort();
    assert.equal(await started, 'left');
    await rollbook.stop();
    isStopped = true;
    assert.deepEqual(
      rollbook.logLines.filter((line) => line.includes('a request met a bug')),
      [],
    );
  } finally {
    if (!isStopped) await rollbook.stop();
  }
});
