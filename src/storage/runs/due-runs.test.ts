/** What every process asks every few seconds, over all tenants, does not read what is over: rows are counted, not seconds. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { asOwner, type Tx } from '#storage/database.ts';
import { readQueueGauges } from '#storage/monitor/read-gauges.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { insertProfile } from '#test/helpers/insert-profile.ts';

import { countUnfinishedRuns } from './count-unfinished-runs.ts';
import { findDueRuns, findDueTenants } from './due-runs.ts';

const PAST_RUNS = 20_000;
/** Some for the rows that are due and for their indexes; the table has hundreds. */
const FEW_BLOCKS = 40;
const UNDER_WAY = ['queued', 'broken', 'staging', 'held'];

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
  const { db, tenantId } = database;
  for (const state of ['completed', ...UNDER_WAY]) {
    const profileId = await insertProfile(db, tenantId);
    await asOwner(db, (tx) =>
      tx.query(
        `insert into run (tenant_id, id, profile_id, state, requested_by, created_at, started_at)
         select $1, case when n = 1 then $2::uuid else gen_random_uuid() end, $3, $4, 'test', now() - make_interval(hours => n), now()
           from generate_series(1, $5::int) n`,
        [tenantId, realSystem.newId(), profileId, state, state === 'completed' ? PAST_RUNS : 1],
      ),
    );
  }
  await db.owner.query('vacuum analyze run');
});
after(() => database.close());

/** Blocks that PostgreSQL looked at for a statement, and of the whole table. */
async function blocksOf(ask: (tx: Tx) => Promise<unknown>): Promise<{ looked: number; all: number }> {
  return asOwner(database.db, async (tx) => {
    const texts: string[] = [];
    await ask({
      ...tx,
      query<Row>(text: string) {
        texts.push(text);
        return Promise.resolve([] as Row[]);
      },
    });
    const [explained] = await tx.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
      `explain (analyze, buffers, format json) ${texts[0] ?? ''}`,
    );
    const plan = explained?.['QUERY PLAN'][0].Plan ?? {};
    const [size] = await tx.query<{ blocks: string }>(
      `select pg_relation_size('run') / current_setting('block_size')::int as blocks`,
    );
    return {
      looked: (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0),
      all: Number(size?.blocks),
    };
  });
}

for (const [name, ask] of Object.entries({
  findDueRuns,
  findDueTenants,
  countUnfinishedRuns,
  readQueueGauges,
}))
  test(`${name} leaves ${PAST_RUNS} runs of the past alone`, async () => {
    const { looked, all } = await blocksOf(ask);
    assert.ok(all > 5 * FEW_BLOCKS, `the table is large enough to tell: ${all} blocks`);
    assert.ok(looked > 0 && looked <= FEW_BLOCKS, `${looked} of ${all} blocks`);
  });

test('what is due is found all the same', async () => {
  const due = await asOwner(database.db, findDueRuns);
  assert.equal(due.length, 3, 'queued, broken, and staging without a lease');
  const unfinished = await asOwner(database.db, countUnfinishedRuns);
  assert.deepEqual(
    unfinished.map(({ state, runs }) => [state, runs]),
    UNDER_WAY.toSorted().map((state) => [state, 1]),
  );
});
