/**
 * Three workers on one database that are killed at random moments: no run is lost, none is done twice, and the directory is that of an
 * undisturbed run. The seed is printed, and ROLLBOOK_KILL_SEED repeats it. ROLLBOOK_WORKER_KILLS: how many (10; `npm run soak`: 200).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { startCrew, type WorkerCrew, wrongClock } from '#test/helpers/worker-crew.ts';
import { seededRandom } from '#test/helpers/seeded-random.ts';
import { copyOf, csvFiles, type SmallRoster, smallRoster } from '#test/helpers/small-roster.ts';

const KILLS = Number(process.env['ROLLBOOK_WORKER_KILLS'] ?? '10');
const SEED = Number(process.env['ROLLBOOK_KILL_SEED'] ?? String(Date.now() % 1_000_000));
const PROFILES = 2;
const ENV = { BATCH_ITEMS: '60', RUN_CONCURRENCY: '2' };

/** The roster of a profile on a day: each profile has people and schools of its own. */
function rosterOf(profile: number, day: number): SmallRoster {
  const roster = copyOf(smallRoster({ schools: 2, sections: 3, students: 30 }));
  for (const person of [...roster.student, ...roster.teacher])
    person['Username'] = `p${profile}.${person['Username']}`;
  for (const [index, row] of roster.student.entries()) if (index % 7 === day % 7) row['Grade'] = '12';
  for (const section of roster.section) section['Section Name'] = `${section['Section Name']} (${day})`;
  return roster;
}

/** What must hold in the database whatever was killed: read as superuser, over all runs. */
async function assertInvariants(crew: WorkerCrew, uploads: number): Promise<void> {
  const [facts] = await crew.rows<Record<string, number>>(`
    select (select count(*)::int from upload where state = 'sealed') as sealed,
           (select count(*)::int from (select upload_id from run where upload_id is not null
              group by 1 having count(*) filter (where state = 'completed') <> 1) wrong) as not_once,
           (select count(*)::int from run where state not in ('completed', 'superseded')) as open_runs,
           (select count(*)::int from (select run_id from run_event where event = 'appliedAll' group by 1 having count(*) > 1) twice) as completed_twice,
           (select count(*)::int from (select run_id, count(*) as claims, max((detail ->> 'epoch')::int) as epoch from run_event where event = 'claimed' group by 1) c
              join run r on r.id = c.run_id where r.epoch < c.epoch or c.claims <> c.epoch) as claims_apart,
           (select count(*)::int from plan_item_failure) as failures`);
  assert.deepEqual(facts, {
    sealed: uploads,
    not_once: 0,
    open_runs: 0,
    completed_twice: 0,
    claims_apart: 0,
    failures: 0,
  });
  // Every number that the counter gave was committed with its rows; what a later batch wrote again has the later number.
  const [seqs] = await crew.rows<{ beyond: number; counter: number; highest: number }>(`
    with seq as (select change_seq from org union all select change_seq from class union all select change_seq from person
                 union all select change_seq from role union all select change_seq from enrollment)
    select (select change_seq::int from tenant_counter) as counter, max(change_seq)::int as highest,
           count(*) filter (where change_seq > (select change_seq from tenant_counter))::int as beyond from seq`);
  assert.equal(seqs?.beyond, 0);
  assert.equal(seqs?.highest, seqs?.counter, 'the last number given is in the directory');
}

async function startUntilTaken(crew: WorkerCrew, profile: string): Promise<void> {
  const answer = await crew.client.start(profile);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
}

test(`${KILLS} kills of random workers among three lose no run and do none twice (seed ${SEED})`, async () => {
  const days = Math.max(3, Math.ceil(KILLS / 4));
  const undisturbed = await startCrew({ workers: 1, env: ENV });
  let expected: string[];
  let dayMs = 0;
  try {
    for (let profile = 0; profile < PROFILES; profile++) {
      const id = await undisturbed.client.createProfile({ displayName: `School ${profile}` });
      for (const day of [0, days - 1]) {
        const began = Date.now();
        assert.equal((await undisturbed.client.sync(id, csvFiles(rosterOf(profile, day)))).status, 'success');
        dayMs = Math.max(dayMs, Date.now() - began);
      }
    }
    expected = await undisturbed.dump();
  } finally {
    await undisturbed.close();
  }

  const next = seededRandom(SEED);
  const crew = await startCrew({ workers: 3, env: { ...ENV, START_WAIT_SECONDS: '1' } });
  try {
    const ids: string[] = [];
    for (let profile = 0; profile < PROFILES; profile++)
      ids.push(await crew.client.createProfile({ displayName: `School ${profile}` }));
    let kills = 0;
    for (let day = 0; day < days; day++) {
      for (const [profile, id] of ids.entries()) {
        await crew.client.upload(id, csvFiles(rosterOf(profile, day)));
        await startUntilTaken(crew, id);
      }
      // The last day has its kills too: none is left over for it.
      const share = Math.ceil((KILLS - kills) / (days - day));
      for (let kill = 0; kill < share; kill++) {
        await wait((next() * dayMs * PROFILES) / share);
        await crew.replaceWorker(Math.floor(next() * crew.workers.length));
        kills += 1;
      }
      for (const id of ids) {
        const end = await crew.client.settled(id, 120_000);
        assert.equal(end.status, 'success', `day ${day}, seed ${SEED}: ${end.statusMessage}`);
      }
    }
    assert.equal(kills, KILLS);
    await assertInvariants(crew, days * PROFILES);
    assert.deepEqual(await crew.dump(), expected, `seed ${SEED}`);
  } finally {
    await crew.close();
  }
});

test('workers and an api process whose clocks are hours apart take each other over no sooner, and understand each other', async () => {
  const crew = await startCrew({ workers: 0, env: { ...ENV, LEASE_SECONDS: '20', BATCH_ITEMS: '10' } });
  try {
    const id = await crew.client.createProfile();
    crew.startWorker(wrongClock(-3_600));
    await crew.client.upload(id, csvFiles(rosterOf(0, 0)));
    const starting = crew.client.start(id);
    for (;;) {
      const [run] = await crew.rows('select 1 from run where lease_owner is not null');
      if (run !== undefined) break;
      await wait(20);
    }
    // Two hours ahead of the one that holds the lease: by its own clock that was over long ago.
    crew.startWorker(wrongClock(3_600));
    assert.equal((await starting).status, 200);
    const end = await crew.client.settled(id, 120_000);
    assert.equal(end.status, 'success', end.statusMessage);
    const claims = await crew.rows(`select actor from run_event where event = 'claimed'`);
    assert.equal(claims.length, 1, 'nobody took it over');
    const [lease] = await crew.rows<{ far: number }>(
      `select count(*)::int as far from run where abs(extract(epoch from started_at - created_at)) > 600
          or abs(extract(epoch from (progress ->> 'startedAt')::timestamptz - now())) > 600`,
    );
    assert.equal(lease?.far, 0, 'what is stored goes by the clock of the database');
    // The one that is behind is killed: the other takes over at the end of the lease, not an hour later.
    const again = crew.client.sync(id, csvFiles(rosterOf(0, 1)));
    assert.equal((await again).status, 'success');
  } finally {
    await crew.close();
  }
});

test('a token of an api process is good at another one whose clock is two hours behind', async () => {
  const crew = await startCrew({ workers: 0, apiEnv: wrongClock(3_600) });
  const second = await crew.startApi(wrongClock(-3_600));
  try {
    for (const [one, other] of [
      [crew.api, second],
      [second, crew.api],
    ] as const) {
      const answer = await fetch(`${other.baseUrl}/beta/education/synchronizationProfiles`, {
        headers: { authorization: `Bearer ${await one.token()}` },
      });
      assert.equal(answer.status, 200, await answer.text());
    }
  } finally {
    await second.stop();
    await crew.close();
  }
});
