/**
 * PostgreSQL itself is restarted in the middle of a run, in order and as by a crash: the run goes on or is repeated by itself, and the
 * directory is that of an undisturbed run.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { Client } from 'pg';

import { must } from '#lib/assert.ts';
import { connectionStringFor } from '#storage/connection-string.ts';
import { readClusterHome } from '#storage/postgres-server/cluster-home.ts';
import { readPostmaster } from '#storage/postgres-server/leftover-server.ts';
import { findRunningPostgres } from '#storage/postgres-server/start-postgres.ts';
import { removeDataDirectory, temporaryDirectory } from '#test/helpers/data-directory.ts';
import { dumpDirectory, dumpDirectoryAt } from '#test/helpers/directory-dump.ts';
import { type OwnPostgres, startOwnPostgres } from '#test/helpers/own-postgres.ts';
import { startTestRollbook, TEST_SECRET_KEY, type TestRollbook } from '#test/helpers/rollbook.ts';
import { startRollbookProcess } from '#test/helpers/rollbook-process.ts';
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

async function seen(rows: TestRollbook['rows'], profile: string, moment: Moment): Promise<void> {
  for (let attempt = 0; attempt < 20_000; attempt++) {
    const found = await rows(`select 1 from run where profile_id = $1 and ${SIGHTS[moment]}`, [profile]);
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
    await seen((text, values) => disturbed.rows(text, values), profile, moment);
    await postgres.restart(mode);
    await starting;
    await untilSuccess(client, profile);

    // A connection that breaks without a word of the server looks like the network.
    const [facts] = await disturbed.rows(
      `select p.broken_runs, (select count(*)::int from run where profile_id = p.id) as runs,
              (select count(*)::int from run_event e join run r on r.id = e.run_id
                where r.profile_id = p.id and e.event = 'claimed') > 1 as "wentOn",
              array(select e.detail ->> 'code' from run_event e join run r on r.id = e.run_id
                     where r.profile_id = p.id and e.event = 'broke' and e.detail ->> 'code' not in ('DatabaseUnavailable', 'NetworkUnavailable')) as "otherFaults"
         from profile p where id = $1`,
      [profile],
    );
    assert.deepEqual(facts, { broken_runs: 0, runs: 1, wentOn: true, otherFaults: [] });

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

test('the PostgreSQL that comes along is ended by the system: it is started again, and the run comes to its end', async () => {
  const home = await temporaryDirectory();
  const dataDir = join(home, 'data');
  const rollbook = await startRollbookProcess({
    dataDir,
    env: {
      LEASE_SECONDS: '2',
      BATCH_ITEMS: '300',
      RETRY_SECONDS: '1',
      SECRET_KEY: TEST_SECRET_KEY,
      LOG_LEVEL: 'silent',
    },
  });
  const undisturbed = await startTestRollbook();
  try {
    const url = must(await findRunningPostgres(dataDir));
    // While the database is away nobody gets a token, either: clients have theirs for an hour.
    const token = await rollbook.token();
    const client = syncClient({ ...rollbook, token: () => Promise.resolve(token) });
    const undisturbedClient = syncClient(undisturbed);
    for (const [round, moment] of (['while files are read', 'while a plan is applied'] as const).entries()) {
      const files = csvFiles(rosterOf(round));
      const profile = await client.createProfile({ displayName: `Round ${round}` });
      await client.upload(profile, files);
      const starting = client.start(profile).catch(() => undefined);
      await seen((text, values) => query(url, text, values), profile, moment);
      process.kill(await postmasterOf(dataDir), 'SIGKILL');
      await starting;
      await untilSuccess(client, profile);
      const twin = await undisturbedClient.createProfile({ displayName: `Round ${round}` });
      assert.equal((await undisturbedClient.sync(twin, files)).status, 'success');
    }
    assert.equal(await findRunningPostgres(dataDir), url, 'it has the address that it had');
    assert.deepEqual(await dumpDirectoryAt(url), await dumpDirectory(undisturbed.db, undisturbed.tenantId));
  } finally {
    await rollbook.stop();
    await undisturbed.stop();
    await removeDataDirectory(dataDir);
    await removeDataDirectory(home);
  }
});

async function postmasterOf(dataDir: string): Promise<number> {
  const { cluster } = must(await readClusterHome(dataDir));
  return must(await readPostmaster(cluster)).pid;
}

async function query<Row>(url: string, text: string, values?: readonly unknown[]): Promise<Row[]> {
  const client = new Client({
    connectionString: connectionStringFor(url, { settings: { search_path: 'rollbook' } }),
  });
  await client.connect();
  try {
    return (await client.query(text, [...(values ?? [])])).rows as Row[];
  } finally {
    await client.end();
  }
}
