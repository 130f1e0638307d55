import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { KINDS } from '#core/roster/kinds.ts';
import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { insertProfile } from '#test/helpers/insert-profile.ts';
import { addSourceSystem, planAndApply, type TestItem } from '#test/helpers/plan-and-apply.ts';

import { readActiveBySchool, readWindow } from './judge-facts.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

/** A run of so many hours ago whose plan went in, with a count: updates of students of school S1. */
async function letIn(
  profileId: string,
  hoursAgo: number,
  baseRunId: string | null,
  count: { items: number; judged: number; held: number },
): Promise<string> {
  const id = realSystem.newId();
  await inTenant(database.db, database.tenantId, async (tx) => {
    await tx.query(
      `insert into run (tenant_id, id, profile_id, state, requested_by, created_at, planned_at)
       values (current_tenant(), $1, $2, 'completed', 'test', now() - make_interval(hours => $3), now() - make_interval(hours => $3))`,
      [id, profileId, hoursAgo],
    );
    await tx.query(
      `insert into plan (tenant_id, run_id, roster_hash, item_count, counts, verdict, base_run_id)
       values (current_tenant(), $1, 'h', $2, '[]', '{}', $3)`,
      [id, count.items, baseRunId],
    );
    await tx.query(
      `insert into plan_count (tenant_id, run_id, school_id, kind, action, item_count, failed_count, judged_count, held_count, first_item_no, last_item_no)
       values (current_tenant(), $1, 'S1', 'student', 'update', $2, 0, $3, $4, 1, $2)`,
      [id, count.items, count.judged, count.held],
    );
  });
  return id;
}

test('what was held and counts for nothing hides nothing of what other days let in', async () => {
  const profileId = await insertProfile(database.db, database.tenantId);
  const first = await letIn(profileId, 50, null, { items: 400, judged: 0, held: 0 });
  // New grades of a whole school, held for another reason: held, and not judged.
  const second = await letIn(profileId, 40, first, { items: 400, judged: 0, held: 400 });
  const third = await letIn(profileId, 30, second, { items: 250, judged: 250, held: 0 });
  // Part of it held: of 90, of which 80 are judged, 20 went in, all of them judged perhaps.
  await letIn(profileId, 20, third, { items: 90, judged: 80, held: 70 });
  const window = await inTenant(database.db, database.tenantId, (tx) =>
    readWindow(tx, profileId, realSystem.newId(), 7 * 24),
  );
  assert.deepEqual(window, [{ school: 'S1', kind: 'student', action: 'update', count: 270 }]);
});

test('what is active in a school is counted up to the number that is asked, of this source alone', async () => {
  const source = await addSourceSystem(database.db, database.tenantId, { name: 'one' });
  const other = await addSourceSystem(database.db, database.tenantId, { name: 'other' });
  const create = (item: Omit<TestItem, 'action'>): TestItem => ({ action: 'create', ...item });
  const roster = (students: number): TestItem[] => [
    create({ kind: 'org', id: 'S1', after: { type: 'school', displayName: 'North' } }),
    create({ kind: 'class', id: 'C1', first: 'org:S1', after: { displayName: 'Class', mailNickname: 'c1' } }),
    ...Array.from({ length: students }, (_, n) => [
      create({
        kind: 'student',
        id: `P${n}`,
        after: { givenName: 'Ada', userPrincipalName: `${students}.${n}@x.example` },
      }),
      create({
        kind: 'role',
        id: `S1/P${n}`,
        first: `student:P${n}`,
        second: 'org:S1',
        after: { role: 'student' },
      }),
      create({
        kind: 'enrollment',
        id: `C1/P${n}`,
        first: 'class:C1',
        second: `student:P${n}`,
        after: { role: 'student' },
      }),
    ]).flat(),
  ];
  const kinds = (items: TestItem[]): TestItem[] =>
    KINDS.flatMap((kind) => items.filter((item) => item.kind === kind));
  await planAndApply(database.db, database.tenantId, source, kinds(roster(5)));
  await planAndApply(database.db, database.tenantId, other, kinds(roster(9)));
  await planAndApply(database.db, database.tenantId, source, [
    { kind: 'enrollment', action: 'end', id: 'C1/P0' },
    { kind: 'role', action: 'end', id: 'S1/P0' },
  ]);
  // The other source states its own people of the same school and class.
  await inTenant(database.db, database.tenantId, async (tx) => {
    const objectOf = (key: string): string =>
      `(select object_id from link where source_system_id = $1 and source_id = '${key}')`;
    for (const [table, column, key] of [
      ['role', 'org_id', 'S1'],
      ['enrollment', 'class_id', 'C1'],
    ] as const)
      await tx.query(`update ${table} set ${column} = ${objectOf(key)} where source_system_id = $2`, [
        source.sourceSystemId,
        other.sourceSystemId,
      ]);
  });
  const countedTo = async (enough: number): Promise<Record<string, number>> => {
    const asked = ['student', 'teacher', 'role', 'class', 'enrollment'] as const;
    const found = await inTenant(database.db, database.tenantId, (tx) =>
      readActiveBySchool(
        tx,
        { runId: realSystem.newId(), sourceSystemId: source.sourceSystemId },
        new Map(
          asked.map((kind) => [
            kind,
            new Map([
              ['S1', enough],
              ['unknown', enough],
            ]),
          ]),
        ),
      ),
    );
    return Object.fromEntries(found.map(({ school, kind, count }) => [`${school} ${kind}`, count]));
  };
  const all = { 'S1 student': 4, 'S1 teacher': 0, 'S1 role': 4, 'S1 class': 1, 'S1 enrollment': 4 };
  assert.deepEqual(await countedTo(Infinity), all, 'all of them');
  assert.deepEqual(await countedTo(4), all);
  assert.deepEqual(await countedTo(3), { ...all, 'S1 student': 3, 'S1 role': 3, 'S1 enrollment': 3 });
});
