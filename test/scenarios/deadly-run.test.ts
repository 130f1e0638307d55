/** A run that kills the process of its worker each time, as one does that needs more memory than there is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { startCrew, type WorkerCrew } from '#test/helpers/worker-crew.ts';

const DEADLY = `run_id = (select id from run where profile_id = (select id from profile where display_name = 'Deadly'))`;

async function seen(crew: WorkerCrew, sql: string): Promise<void> {
  for (let attempt = 0; attempt < 6_000; attempt++) {
    if ((await crew.rows(sql)).length > 0) return;
    await wait(10);
  }
  throw new Error(`never seen: ${sql}`);
}

test('a run that kills each of its workers is left alone after the fifth, told to its administrator, and goes on when somebody resumes it', async () => {
  const crew = await startCrew({ workers: 0, env: { START_WAIT_SECONDS: '1' } });
  try {
    const { client } = crew;
    const profile = await client.createProfile({ displayName: 'Deadly' });
    // Its staging never ends: that is where its workers are killed.
    await crew.rows(`
      create function rollbook.linger() returns trigger language plpgsql as $$ begin perform pg_sleep(600); return null; end $$;
      create trigger linger before insert on bulk.plan_item for each statement execute function rollbook.linger()`);
    await client.upload(profile, csvFiles(smallRoster()));
    assert.equal((await client.start(profile)).status, 200);
    for (let death = 1; death <= 5; death += 1) {
      const worker = crew.startWorker();
      await seen(
        crew,
        `select from run_event where ${DEADLY} and event = 'claimed' having count(*) = ${death}`,
      );
      await seen(
        crew,
        `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep' having count(*) = 1`,
      );
      assert.equal((await client.status(profile)).status, 'inProgress');
      await worker.kill();
      // They died over it for some minutes by then.
      await crew.rows(
        `update run_event set at = at - interval '5 minutes' where ${DEADLY} and event = 'claimed'`,
      );
    }
    crew.startWorker();
    const end = await client.settled(profile, 120_000);
    assert.equal(end.status, 'quarantined');
    assert.match(end.statusMessage, /5 workers in a row died over this run/u);
    const other = await client.createProfile({ displayName: 'Other' });
    // PostgreSQL has not noticed that the last one died, and would keep the trigger for it.
    await crew.rows(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
    );
    await crew.rows('drop trigger linger on bulk.plan_item');
    const roster = smallRoster();
    for (const person of [...roster.student, ...roster.teacher])
      person['Username'] = `o.${person['Username']}`;
    assert.equal((await client.sync(other, csvFiles(roster))).status, 'success', 'the sixth worker lives');
    const resumed = await client.call('POST', `/beta/education/synchronizationProfiles/${profile}/resume`);
    assert.equal(resumed.status, 200);
    assert.equal((await client.settled(profile, 120_000)).status, 'success');
    const [facts] = await crew.rows(
      `select count(*) filter (where event = 'claimed')::int as claims, count(*) filter (where event = 'broke')::int as breaks,
              count(*) filter (where event = 'appliedAll')::int as ends from run_event where ${DEADLY}`,
    );
    assert.deepEqual(facts, { claims: 7, breaks: 1, ends: 1 });
  } finally {
    await crew.close();
  }
});
