/** PostgreSQL goes away and comes back in the middle of a run; Rollbook goes on where it was. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { emptyTestDatabase } from '#test/helpers/database.ts';
import { type DatabaseProxy, openDatabaseProxy } from '#test/helpers/database-proxy.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

let database: Awaited<ReturnType<typeof emptyTestDatabase>>;
let proxy: DatabaseProxy;
let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  database = await emptyTestDatabase();
  proxy = await openDatabaseProxy(database.url);
  rollbook = await startTestRollbook({
    settings: { DATABASE_URL: proxy.url },
    retryDelaySeconds: 0.2,
    engine: { leaseSeconds: 2, batchItems: 5 },
  });
  client = syncClient(rollbook);
});
after(async () => {
  await proxy.close();
  await rollbook.stop();
  await database.close();
});

/** Waits until the newest run has applied something and is not through. */
async function inMidApply(): Promise<void> {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const rows = await rollbook.rows(`select 1 from run where state = 'applying' and applied_item_no > 0`);
    if (rows.length > 0) return;
    await wait(5);
  }
  throw new Error('no run was met while it applied');
}

// An unhandled rejection fails the test: it would end a process of its own.
for (const awayMs of [200, 4_000]) {
  test(`a database that is away for ${awayMs} ms: the process lives and the run goes on to its end`, async () => {
    const profile = await client.createProfile({ displayName: `Away ${awayMs}` });
    const roster = smallRoster({ schools: 2, sections: 4, students: 50 });
    for (const person of [...roster.student, ...roster.teacher])
      person['Username'] = `away${awayMs}.${person['Username']}`;
    await client.upload(profile, csvFiles(roster));
    const starting = client.start(profile).catch(() => undefined);
    await inMidApply();
    await proxy.cut();
    await wait(awayMs);
    await proxy.mend();
    await starting;
    const end = await client.settled(profile);
    assert.notEqual(end.status, 'quarantined', 'one hiccup is no quarantine');
    for (let attempt = 0; attempt < 400 && (await client.status(profile)).status !== 'success'; attempt++)
      await wait(50);
    assert.equal((await client.status(profile)).status, 'success');
    const [people] = await rollbook.rows(
      `select count(*)::int as n from account where user_name like 'away${awayMs}.%'`,
    );
    assert.equal(people?.['n'], roster.student.length + roster.teacher.length);
    const [broken] = await rollbook.rows('select broken_runs as n from profile where id = $1', [profile]);
    assert.equal(broken?.['n'], 0);
    const again = await client.sync(profile, csvFiles(roster));
    assert.equal(again.status, 'success');
    const [items] = await rollbook.rows('select item_count as n from plan order by created_at desc limit 1');
    assert.equal(items?.['n'], 0, 'nothing is left to do');
  });
}

test('a database that goes away over and over again: the run goes on each time, and the profile is never blamed', async () => {
  const profile = await client.createProfile({ displayName: 'Over and over' });
  const roster = smallRoster({ schools: 4, sections: 4, students: 150 });
  for (const person of [...roster.student, ...roster.teacher])
    person['Username'] = `over.${person['Username']}`;
  await client.upload(profile, csvFiles(roster));
  const starting = client.start(profile).catch(() => undefined);
  const brokenOff = async (): Promise<number> => {
    const [row] = await rollbook.rows(
      `select count(*)::int as n from run_event e join run r on r.id = e.run_id
        where r.profile_id = $1 and e.event = 'broke' and (e.detail ->> 'transient')::boolean`,
      [profile],
    );
    return Number(row?.['n']);
  };
  for (let cuts = 0; cuts < 40 && (await brokenOff()) < 7; cuts++) {
    await inMidApply();
    const before = await brokenOff();
    await proxy.cut();
    await proxy.mend();
    // Back at once, so that the worker can say what happened. If it cannot, its lease runs out and nothing is said at all.
    await wait(250);
    for (let attempt = 0; attempt < 60 && (await brokenOff()) === before; attempt++) await wait(50);
  }
  await starting;
  assert.ok((await brokenOff()) >= 7, 'more often than a profile may break');
  for (let attempt = 0; attempt < 1_200 && (await client.status(profile)).status !== 'success'; attempt++)
    await wait(50);
  assert.equal((await client.status(profile)).status, 'success');
  const [facts] = await rollbook.rows(
    `select broken_runs, quarantined_at,
            (select count(*)::int from run_event e join run r on r.id = e.run_id
              where r.profile_id = p.id and e.event = 'broke' and not (e.detail ->> 'transient')::boolean) as blamed,
            (select count(*)::int from profile_event e where e.profile_id = p.id and e.event = 'quarantined') as quarantines
       from profile p where id = $1`,
    [profile],
  );
  assert.deepEqual(facts, { broken_runs: 0, quarantined_at: null, blamed: 0, quarantines: 0 });
});
