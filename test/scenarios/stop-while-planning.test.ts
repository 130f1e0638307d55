/** A process is stopped while it plans, which it does not break off. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { Client } from 'pg';

import { startTestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { syncClient } from '#test/helpers/sync-client.ts';

const LOCK = 4711;

test('a worker that is told to stop in the middle of a plan signs off: ended before the plan is made, it has not died', async () => {
  const rollbook = await startTestRollbook();
  const watch = new Client({
    connectionString: rollbook.db.ownerConnectionString,
    options: '-c search_path=rollbook',
  });
  let restarting: Promise<void> | undefined;
  try {
    await watch.connect();
    const seen = async (sight: string): Promise<void> => {
      for (let attempt = 0; ; attempt++) {
        const { rowCount } = await watch.query(`select 1 from run where ${sight}`);
        if (rowCount === 1) return;
        assert.ok(attempt < 6_000, `never seen: ${sight}`);
        await wait(10);
      }
    };
    await watch.query(`
      create function rollbook.wait_for_test() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(${LOCK}); return new; end $$;
      create trigger wait_for_test before insert on plan for each row execute function rollbook.wait_for_test();
      select pg_advisory_lock(${LOCK})`);
    const client = syncClient(rollbook);
    const profile = await client.createProfile();
    await client.upload(profile, csvFiles(smallRoster()));
    const starting = client.start(profile).catch(() => undefined);
    await seen(`state = 'planning' and lease_owner is not null`);
    await starting;
    restarting = rollbook.restart();
    await seen(`state = 'planning' and lease_owner is null and lease_expires_at > now()`);
    await watch.query(`select pg_advisory_unlock(${LOCK})`);
    await restarting;
    for (let attempt = 0; (await client.status(profile)).status !== 'success'; attempt++) {
      assert.ok(attempt < 2_400, 'the run never went on');
      await wait(25);
    }
    const { rows } = await watch.query(
      `select count(*)::int as claims, count(detail -> 'deaths')::int as deaths from run_event where event = 'claimed'`,
    );
    assert.deepEqual(rows[0], { claims: 2, deaths: 0 });
  } finally {
    await watch.query('select pg_advisory_unlock_all()').catch(() => undefined);
    await restarting?.catch(() => undefined);
    await watch.end();
    await rollbook.stop();
  }
});
