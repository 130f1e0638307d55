import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { realSystem } from '#lib/system.ts';
import { openDatabaseProxy } from '#test/helpers/database-proxy.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { insertProfile } from '#test/helpers/insert-profile.ts';
import { type ChangeFeed, followChanges } from './change-feed.ts';
import { asOwner, inTenant } from './database.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 3_000; attempt++) {
    if (condition()) return;
    await wait(10);
  }
  throw new Error('it never came to that');
}

async function listening(work: (feed: ChangeFeed, heard: (string | null)[]) => Promise<void>): Promise<void> {
  const feed = followChanges(database.db, { greetMs: 500, reconnectMs: 50 });
  const heard: (string | null)[] = [];
  feed.subscribe((change) => heard.push(change));
  try {
    await until(feed.isLive);
    await work(feed, heard);
  } finally {
    await feed.stop();
  }
}

async function insertRun(profileId: string): Promise<string> {
  const id = realSystem.newId();
  await inTenant(database.db, database.tenantId, (tx) =>
    tx.query(
      `insert into run (tenant_id, id, profile_id, state, requested_by) values (current_tenant(), $1, $2, 'queued', 'test')`,
      [id, profileId],
    ),
  );
  return id;
}

const owner = (sql: string, ...values: unknown[]): Promise<unknown[]> =>
  asOwner(database.db, (tx) => tx.query(sql, values));

test('a change of a run says which run and which profile, and nothing else', async () => {
  await listening(async (_feed, heard) => {
    const { tenantId } = database;
    const profileId = await insertProfile(database.db, tenantId);
    const runId = await insertRun(profileId);
    await until(() => heard.length >= 2);
    heard.length = 0;
    await owner(`update run set progress = '{"stage": "validating", "percent": 3}' where id = $1`, runId);
    await until(() => heard.length >= 2);
    assert.deepEqual(heard, [`run ${tenantId} ${runId}`, `profile ${tenantId} ${profileId}`]);
    heard.length = 0;
    // Batches and leases say nothing: the commit of a notification waits for those of others.
    await owner(
      'update run set applied_item_no = 5, lease_expires_at = now(), epoch = epoch where id = $1',
      runId,
    );
    await owner(`update run set message = 'the end' where id = $1`, runId);
    await until(() => heard.length >= 2);
    assert.equal(heard.length, 2);
  });
});

test('a connection that breaks is made again, and whoever listens is told to look', async () => {
  await listening(async (feed, heard) => {
    const runId = await insertRun(await insertProfile(database.db, database.tenantId));
    await until(() => heard.includes(`run ${database.tenantId} ${runId}`));
    heard.length = 0;
    // As rollbook_app, whose session it is.
    await inTenant(database.db, database.tenantId, (tx) =>
      tx.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rollbook changes' and datname = current_database()`,
      ),
    );
    await until(() => !feed.isLive());
    assert.ok(heard.includes(null), 'nothing is told for now: they look oftener');
    heard.length = 0;
    await until(feed.isLive);
    assert.ok(heard.includes(null), 'what was missed meanwhile is looked for');
    heard.length = 0;
    await owner(`update run set message = 'again' where id = $1`, runId);
    await until(() => heard.includes(`run ${database.tenantId} ${runId}`));
  });
});

for (const [what, greetMs] of [
  ['between two greetings', 600_000],
  ['while it greets', 300],
] as const)
  test(
    `a server that vanishes without a word ${what} keeps nobody waiting who stops`,
    { timeout: 60_000 },
    async () => {
      const proxy = await openDatabaseProxy(database.db.appConnectionString);
      const feed = followChanges(
        { ...database.db, appConnectionString: proxy.url },
        { greetMs, reconnectMs: 50 },
      );
      try {
        await until(feed.isLive);
        proxy.swallow();
        if (greetMs < 1_000) await until(() => !feed.isLive());
        await feed.stop();
      } finally {
        await proxy.close();
      }
    },
  );

test('whoever stops while it still connects is kept waiting by nothing', { timeout: 60_000 }, async () => {
  for (const delayMs of [0, 1, 5, 20]) {
    const feed = followChanges(database.db);
    await wait(delayMs);
    await feed.stop();
  }
});

test('what stands in the channel and is no change is passed over', async () => {
  await listening(async (_feed, heard) => {
    heard.length = 0;
    await owner(
      `select pg_notify('rollbook_changes', 'run Anna'), pg_notify('rollbook_changes', repeat('x', 7000))`,
    );
    const runId = await insertRun(await insertProfile(database.db, database.tenantId));
    await until(() => heard.includes(`run ${database.tenantId} ${runId}`));
    assert.ok(
      heard.every((change) => change === null || /^(run|profile) [0-9a-f-]{36} [0-9a-f-]{36}$/.test(change)),
    );
  });
});
