/**
 * PostgreSQL itself is restarted in the middle of a run, in order and as by a crash: the run goes on or is repeated by itself, and the
 * directory is that of an undisturbed run.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { dumpDirectory } from '#test/helpers/directory-dump.ts';
import { type OwnPostgres, startOwnPostgres } from '#test/helpers/own-postgres.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, type SmallRoster, smallRoster } from '#test/helpers/small-roster.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const SIGHTS = {
  'while files are read': `state = 'staging' and progress ->> 'rowsDone' <> '0'`,
  'while a plan is applied': `state = 'applying' and applied_item_no > 0`,
} as const;
type Moment = keyof typeof SIGHTS;
const ROUNDS: readonly { readonly mode: 'fast' | 'immediate'; readonly moment: Moment }[] = [
  { mode: 'fast', moment: 'while files are read' },
  { mode: 'immediate', moment: 'while files are read' },
  { mode: 'fast', moment: 'while a plan is applied' },
  { mode: 'immediate', moment: 'while a plan is applied' },
];

let postgres: OwnPostgres;
let disturbed: TestRollbook;
let calm: TestRollbook;
before(async () => {
  postgres = await startOwnPostgres();
  disturbed = await startTestRollbook({
    settings: { DATABASE_URL: postgres.url, START_WAIT_SECONDS: '1' },
    retryDelaySeconds: 0.2,
    engine: { leaseSeconds: 2, batchItems: 300 },
  });
  calm = await startTestRollbook();
});
after(async () => {
  await disturbed.stop();
  await calm.stop();
  await postgres.close();
});

/** People and schools of their own in every round, so that the directories grow alike. */
function rosterOf(round: number): SmallRoster {
  const roster = smallRoster({ schools: 3, sections: 4, students: 1_000 });
  for (const person of [...roster.student, ...roster.teacher])
    person['Username'] = `r${round}.${person['Username']}`;
  return roster;
}

async function seen(profile: string, moment: Moment): Promise<void> {
  for (let attempt = 0; attempt < 20_000; attempt++) {
    const found = await disturbed.rows(`select 1 from run where profile_id = $1 and ${SIGHTS[moment]}`, [
      profile,
    ]);
    if (found.length > 0) return;
    await wait(1);
  }
  throw new Error(`the run was never seen ${moment}`);
}

async function untilSuccess(client: SyncClient, profile: string): Promise<void> {
  for (let attempt = 0; attempt < 1_200; attempt++) {
    const answer = await client.call<{ status: string }>(
      'GET',
      `/beta/education/synchronizationProfiles/${profile}/profileStatus`,
    );
    // Where it cannot say how things stand it says so; it never says anything else.
    assert.ok(answer.status === 200 || answer.status === 503, String(answer.status));
    if (answer.body.status === 'success') return;
    assert.notEqual(answer.body.status, 'quarantined');
    await wait(50);
  }
  throw new Error('the run did not come to its end');
}

for (const [round, { mode, moment }] of ROUNDS.entries()) {
  // An unhandled rejection fails the test: it would end a process of its own.
  test(`PostgreSQL is restarted ${moment} (${mode}): the run comes to its end as if nothing had happened`, async () => {
    const files = csvFiles(rosterOf(round));
    const client = syncClient(disturbed);
    const profile = await client.createProfile({ displayName: `Round ${round}` });
    await client.upload(profile, files);
    const starting = client.start(profile).catch(() => undefined);
    await seen(profile, moment);
    await postgres.restart(mode);
    await starting;
    await untilSuccess(client, profile);

    const [facts] = await disturbed.rows(
      `select p.broken_runs, (select count(*)::int from run where profile_id = p.id) as runs,
              (select count(*)::int from run_event e join run r on r.id = e.run_id
                where r.profile_id = p.id and e.event = 'claimed') > 1 as "wentOn",
              (select count(*)::int from run_event e join run r on r.id = e.run_id
                where r.profile_id = p.id and e.event = 'broke' and e.detail ->> 'code' <> 'DatabaseUnavailable') as "otherFaults"
         from profile p where id = $1`,
      [profile],
    );
    assert.deepEqual(facts, { broken_runs: 0, runs: 1, wentOn: true, otherFaults: 0 });

    const undisturbed = syncClient(calm);
    const twin = await undisturbed.createProfile({ displayName: `Round ${round}` });
    assert.equal((await undisturbed.sync(twin, files)).status, 'success');
    assert.deepEqual(
      await dumpDirectory(disturbed.db, disturbed.tenantId),
      await dumpDirectory(calm.db, calm.tenantId),
    );
    assert.equal((await client.sync(profile, files)).status, 'success');
    const [plan] = await disturbed.rows(
      `select pl.item_count as n from plan pl join run r on r.id = pl.run_id where r.profile_id = $1 order by pl.created_at desc limit 1`,
      [profile],
    );
    assert.equal(plan?.['n'], 0, 'nothing is left to do');
  });
}
