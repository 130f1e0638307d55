/** PostgreSQL is away at the very moment at which a worker has to let its run go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { emptyTestDatabase } from '#test/helpers/database.ts';
import { openDatabaseProxy } from '#test/helpers/database-proxy.ts';
import { startTestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { syncClient } from '#test/helpers/sync-client.ts';

test('a run that cannot be let go, since the database is away, is let go once it is back: nobody waits for its lease', async () => {
  const database = await emptyTestDatabase();
  const proxy = await openDatabaseProxy(database.url);
  const rollbook = await startTestRollbook({
    settings: { DATABASE_URL: proxy.url },
    retryDelaySeconds: 0.2,
    engine: { leaseSeconds: 3_600, batchItems: 5 },
  });
  try {
    const client = syncClient(rollbook);
    const profile = await client.createProfile();
    await client.upload(profile, csvFiles(smallRoster({ schools: 2, sections: 4, students: 50 })));
    const starting = client.start(profile).catch(() => undefined);
    const applying = `select 1 from run where state = 'applying' and applied_item_no > 0`;
    for (let attempt = 0; (await rollbook.rows(applying)).length === 0; attempt++) {
      assert.ok(attempt < 6_000, 'no run was met while it applied');
      await wait(5);
    }
    await proxy.cut();
    const noticed = (): boolean => rollbook.logLines.some((line) => line.includes('a run was interrupted'));
    for (let attempt = 0; !noticed(); attempt++) {
      assert.ok(attempt < 6_000, 'the worker never noticed');
      await wait(10);
    }
    await wait(500);
    await proxy.mend();
    await starting;
    for (let attempt = 0; (await client.status(profile)).status !== 'success'; attempt++) {
      assert.ok(attempt < 2_400, 'the run never went on');
      await wait(25);
    }
    const events = await rollbook.rows('select event from run_event order by at, id');
    assert.deepEqual(events.map(({ event }) => event).slice(-3), ['broke', 'claimed', 'appliedAll']);
  } finally {
    await rollbook.stop();
    await proxy.close();
    await database.close();
  }
});
