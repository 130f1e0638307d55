/** PostgreSQL takes no more connections in the middle of a run: a clear word, and the run goes on later. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { Client } from 'pg';

import { prepareRoles } from '#storage/roles.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { syncClient } from '#test/helpers/sync-client.ts';

let rollbook: TestRollbook;
before(async () => {
  rollbook = await startTestRollbook({ retryDelaySeconds: 0.2, engine: { leaseSeconds: 1, batchItems: 50 } });
});
after(() => rollbook.stop());

/** Sessions of rollbook_app are ended, and no new one is let in: the limit of the database does not count for superusers. */
async function limitConnections(limit: number): Promise<void> {
  await asSuperuser(async (client) => {
    await client.query(
      `do $$ begin execute format('alter database %I connection limit ${limit}', current_database()); end $$`,
    );
    if (limit >= 0)
      await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'rollbook_app'`,
      );
  });
}

function superuserUrl(): URL {
  const url = new URL(rollbook.db.ownerConnectionString);
  url.searchParams.delete('options');
  return url;
}

async function asSuperuser(work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: superuserUrl().href });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

const MOMENTS = {
  'while files are read': `state = 'staging' and progress ->> 'rowsDone' <> '0'`,
  'while a plan is applied': `state = 'applying' and applied_item_no > 0`,
};

for (const [moment, sight] of Object.entries(MOMENTS))
  test(`${moment} no connection is to be had: the run waits, requests are told, and nobody is blamed`, async () => {
    const client = syncClient({ baseUrl: rollbook.baseUrl, token: () => token });
    const token = rollbook.token();
    await token;
    const profile = await client.createProfile({ displayName: moment });
    const roster = smallRoster({ students: moment === 'while files are read' ? 1_000 : 60 });
    for (const person of [...roster.student, ...roster.teacher])
      person['Username'] = `${moment.length}.${person['Username']}`;
    await client.upload(profile, csvFiles(roster));
    const starting = client.start(profile).catch(() => undefined);
    for (let attempt = 0; ; attempt++) {
      const rows = await rollbook.rows(`select 1 from run where profile_id = $1 and ${sight}`, [profile]);
      if (rows.length > 0) break;
      assert.ok(attempt < 10_000, `the run was never seen ${moment}`);
      await wait(1);
    }
    try {
      await limitConnections(0);
      const path = `/beta/education/synchronizationProfiles/${profile}/profileStatus`;
      for (let attempt = 0; ; attempt++) {
        const answer = await client.call('GET', path);
        assert.equal(answer.status, 503);
        // Whoever had a connection is told that it is gone.
        const message = JSON.stringify(answer.body);
        if (message.includes('no more connections')) break;
        assert.match(message, /does not answer at the moment/);
        assert.ok(attempt < 50, message);
      }
    } finally {
      await limitConnections(-1);
    }
    await starting;
    for (let attempt = 0; attempt < 4_000; attempt++) {
      if ((await client.status(profile)).status === 'success') break;
      await wait(20);
    }
    assert.equal((await client.status(profile)).status, 'success');
    const [facts] = await rollbook.rows(
      `select broken_runs, (select count(*)::int from run where profile_id = p.id) as runs,
            (select state from run where profile_id = p.id) as state from profile p where id = $1`,
      [profile],
    );
    const [people] = await rollbook.rows(`select count(*)::int as n from account where user_name like $1`, [
      `${moment.length}.%`,
    ]);
    assert.equal(people?.['n'], roster.student.length + roster.teacher.length);
    assert.deepEqual(facts, { broken_runs: 0, runs: 1, state: 'completed' });
  });

test('a start that finds no connection says what to do', async () => {
  const login = `limited_${Date.now().toString(36)}`;
  const url = superuserUrl();
  await asSuperuser(async (superuser) => {
    await superuser.query(`create role ${login} login password 'hunter2' connection limit 0`);
    try {
      url.username = login;
      url.password = 'hunter2';
      await assert.rejects(
        prepareRoles({ url: url.href, appPassword: 'none', serverIsOurs: false }),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'DatabaseFull');
          assert.match(error.message, /max_connections/);
          return true;
        },
      );
    } finally {
      await superuser.query(`drop role if exists ${login}`);
    }
  });
});
