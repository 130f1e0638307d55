/** A newer version migrates while processes of this one run: they write nothing that they must not, say why, and nothing is lost. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { Client } from 'pg';

import { migrate } from '#storage/migrate.ts';
import { prepareRoles } from '#storage/roles.ts';
import { TEST_APP_PASSWORD } from '#test/helpers/database.ts';
import { type NewerVersion, newerVersion } from '#test/helpers/newer-version.ts';
import { csvProfileBody } from '#test/helpers/profile-server.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { startCrew, type WorkerCrew } from '#test/helpers/worker-crew.ts';

/** As a release would that adds something: the version before can live with it. */
const EXPANDS = `alter table profile add column colour text;
comment on column profile.colour is 'Of the next release.';`;
/** As a release would that takes something away. */
const CONTRACTS = `-- needs 9000
alter table profile rename column handle_special_character_constraint to special_characters;`;

const versions: NewerVersion[] = [];
after(async () => {
  for (const version of versions) await version.close();
});
let expanded: NewerVersion;
let contracted: NewerVersion;
before(async () => {
  versions.push((expanded = await newerVersion(EXPANDS)));
  versions.push((contracted = await newerVersion(CONTRACTS)));
});

const roster = csvFiles(smallRoster({ schools: 2, sections: 3, students: 150 }));

async function seen(crew: WorkerCrew, sql: string): Promise<void> {
  for (let attempt = 0; attempt < 6_000; attempt++) {
    if ((await crew.rows(sql)).length > 0) return;
    await wait(10);
  }
  throw new Error(`never seen: ${sql}`);
}

async function ownerOf(crew: WorkerCrew): Promise<string> {
  const address = await prepareRoles({
    url: crew.databaseUrl,
    appPassword: TEST_APP_PASSWORD,
    serverIsOurs: true,
  });
  return address.ownerConnectionString;
}

async function readiness(baseUrl: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${baseUrl}/readyz`);
  return { status: answer.status, text: await answer.text() };
}

/** The old process notices within its two seconds between looks; how long that takes on a busy machine is not the point. */
async function readinessSays(baseUrl: string, words: RegExp): Promise<number> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const { status, text } = await readiness(baseUrl);
    if (words.test(text)) return status;
    await wait(100);
  }
  throw new Error(`readiness never said ${words}`);
}

const MIGRATED = 'select 1 from schema_migration where number = 9000';

test('an old worker lets go in the middle of its run, the new one ends it, and the old api process goes on', async () => {
  const crew = await startCrew({ workers: 1, env: { BATCH_ITEMS: '10', LEASE_SECONDS: '600' } });
  try {
    const { client } = crew;
    const profile = await client.createProfile();
    await client.upload(profile, roster);
    const starting = client.start(profile);
    await seen(crew, `select 1 from run where state = 'applying' and applied_item_no > 0`);
    // The first thing that a process of the new version does.
    await migrate(await ownerOf(crew), { directory: expanded.migrations });
    // The lease is ten minutes long: it is given back, not waited for.
    await seen(crew, `select 1 from run where state = 'applying' and lease_owner is null`);
    crew.startWorker({}, expanded.main);
    assert.equal((await starting).status, 200);
    const end = await client.settled(profile, 120_000);
    assert.equal(end.status, 'success', end.statusMessage);
    const claims = await crew.rows<{ actor: string }>(
      `select actor from run_event where event = 'claimed' order by at`,
    );
    assert.equal(claims.length, 2);
    assert.notEqual(claims[0]?.actor, claims[1]?.actor);

    assert.equal(await readinessSays(crew.api.baseUrl, /9000-newer/), 200);
    // Requests to the old one are answered, what they ask for is done by the new one.
    assert.equal((await client.sync(profile, roster)).status, 'success');
    const [last] = await crew.rows<{ actor: string }>(
      `select actor from run_event where event = 'claimed' order by at desc limit 1`,
    );
    assert.equal(last?.actor, claims[1]?.actor);
  } finally {
    await crew.close();
  }
});

test('when a migration needs newer processes, an old one is not ready, writes nothing, and says why', async () => {
  const crew = await startCrew({ workers: 1 });
  try {
    const { client } = crew;
    const profile = await client.createProfile();
    assert.equal((await client.sync(profile, roster)).status, 'success');
    const newer = await crew.startApi({}, contracted.main);
    try {
      const before = await crew.rows('select count(*) from run_event');
      const refused = await client.call('POST', `/beta/education/synchronizationProfiles/${profile}/pause`);
      assert.equal(refused.status, 503);
      assert.match(JSON.stringify(refused.body), /newer version of Rollbook/);
      assert.equal(await readinessSays(crew.api.baseUrl, /must not write/), 503);
      assert.deepEqual(await crew.rows('select count(*) from run_event'), before);
      assert.equal((await readiness(newer.baseUrl)).status, 200);
    } finally {
      await newer.stop();
    }
    await assert.rejects(crew.startApi(), /ended with/, 'an old one does not start any more');
  } finally {
    await crew.close();
  }
});

test('a migration waits for a transaction that is in its way, and those behind it are not kept for long', async () => {
  const crew = await startCrew({ workers: 0 });
  const long = new Client({ connectionString: crew.databaseUrl });
  try {
    // As a large plan would: it has read the table that the migration changes, and takes its time.
    await long.connect();
    await long.query('begin; select 1 from rollbook.profile');
    crew.startWorker({}, expanded.main);
    await seenWaiting(crew);
    // It gives way: what the old process writes comes through although the transaction is still open.
    const made = await crew.client.call(
      'POST',
      '/beta/education/synchronizationProfiles',
      csvProfileBody('Meanwhile'),
    );
    assert.equal(made.status, 202);
    assert.deepEqual(await crew.rows(MIGRATED), []);
    await long.query('commit');
    await seen(crew, MIGRATED);
  } finally {
    await long.end();
    await crew.close();
  }
});

async function seenWaiting(crew: WorkerCrew): Promise<void> {
  await seen(
    crew,
    `select 1 from pg_stat_activity where application_name = 'rollbook migrate' and datname = current_database() and wait_event_type = 'Lock'`,
  );
}
