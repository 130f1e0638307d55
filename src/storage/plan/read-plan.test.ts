import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { type TestDatabase, testDatabase } from '#test/helpers/database.ts';
import { addSourceSystem } from '#test/helpers/plan-and-apply.ts';
import { countPlan } from './count-plan.ts';
import { type ItemFilter, listPlanItems, type ReadItem } from './read-plan.ts';

/** Two bands far apart, each longer than one page; the schools lie mixed in the first and one after the other in the second. */
const BANDS = [
  { start: 200_000_001, items: 2_500, kind: 'teacher', school: 'n % 3' },
  { start: 1_400_000_001, items: 6_000, kind: 'enrollment', school: 'n / 2000' },
] as const;
const FAILED = [200_000_005, 200_002_400, 1_400_005_999];
const HELD = [200_000_006, 1_400_000_001, 1_400_006_000];

let database: TestDatabase;
const runId = realSystem.newId();
before(async () => {
  database = await testDatabase();
  const { profileId } = await addSourceSystem(database.db, database.tenantId);
  await inTenant(database.db, database.tenantId, async (tx) => {
    await tx.query(
      `insert into run (tenant_id, id, profile_id, state, epoch, requested_by) values (current_tenant(), $1, $2, 'held', 1, 'test')`,
      [runId, profileId],
    );
    for (const { start, items, kind, school } of BANDS) {
      await tx.query(
        `insert into bulk.plan_item (run_id, item_no, kind, action, reason, key, content, source_id, school_id, after)
         select $1, $2::integer + n, $4, 'create', 'new', gen_random_uuid(), n, $4 || n, 'S' || (${school}), '{}'
           from generate_series(0, $3::integer - 1) n`,
        [runId, start, items, kind],
      );
    }
    await tx.query(
      `insert into plan_item_failure (tenant_id, run_id, item_no, code, message)
       select current_tenant(), $1, n, 'Test', 'fails' from unnest($2::integer[]) n`,
      [runId, FAILED],
    );
    await tx.query(
      `insert into plan_item_hold (tenant_id, run_id, item_no, scope, scope_id)
       select current_tenant(), $1, n, 'school', 'S0' from unnest($2::integer[]) n`,
      [runId, HELD],
    );
    await countPlan(tx, runId);
  });
});
after(() => database.close());

/** All items that fit, page after page. */
async function walk(filter: ItemFilter, limit: number): Promise<ReadItem[]> {
  const items: ReadItem[] = [];
  for (;;) {
    const page = await inTenant(database.db, database.tenantId, (tx) =>
      listPlanItems(tx, runId, filter, { afterNo: items.at(-1)?.itemNo ?? 0, limit }),
    );
    assert.ok(page.length <= limit);
    items.push(...page);
    if (page.length < limit) return items;
  }
}

const all = BANDS.flatMap(({ start, items }) => Array.from({ length: items }, (_, n) => start + n));
const [teachers, enrollments] = BANDS;

for (const [name, filter, expected] of [
  ['all', {}, all],
  ['a kind', { kind: 'enrollment' }, all.filter((no) => no >= enrollments.start)],
  [
    'a school that lies mixed',
    { kind: 'teacher', school: 'S1' },
    all.filter((no) => no < enrollments.start && (no - teachers.start) % 3 === 1),
  ],
  [
    'a school in one piece',
    { kind: 'enrollment', school: 'S2' },
    all.filter((no) => no >= enrollments.start + 4_000),
  ],
  ['what failed', { only: 'failed' }, FAILED],
  ['what is held', { only: 'held' }, HELD],
  ['what is held of a school', { only: 'held', school: 'S2' }, [200_000_006, 1_400_006_000]],
  ['one record', { sourceId: 'enrollment5999' }, [enrollments.start + 5_999]],
  ['nothing', { action: 'end' }, []],
] as const) {
  test(`pages of ${name}: every item once, in order`, async () => {
    for (const limit of [700, 1_000, 20_000]) {
      assert.deepEqual(
        (await walk(filter, limit)).map((item) => item.itemNo),
        expected,
      );
    }
  });
}

test('an item is told with its failure or its hold, not with those of others', async () => {
  const states = new Map<string, number[]>();
  for (const { itemNo, state, failureCode } of await walk({}, 1_000)) {
    assert.equal(failureCode, FAILED.includes(itemNo) ? 'Test' : null);
    states.set(state, [...(states.get(state) ?? []), itemNo]);
  }
  assert.deepEqual(states.get('failed'), FAILED);
  assert.deepEqual(states.get('held'), HELD);
  assert.equal(states.get('planned')?.length, all.length - FAILED.length - HELD.length);
});
