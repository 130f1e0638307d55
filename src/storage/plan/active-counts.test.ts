import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { KINDS } from '#core/roster/kinds.ts';
import { must } from '#lib/assert.ts';
import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { addSourceSystem, planAndApply, type TestItem } from '#test/helpers/plan-and-apply.ts';
import { seededRandom } from '#test/helpers/seeded-random.ts';

import { readActiveBySchool } from './judge-facts.ts';

const SEED = Number(process.env['ROLLBOOK_SEED'] ?? String(Date.now() % 1_000_000));

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

test('what is active in a school is that of this source alone, whatever happened to it', async () => {
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
  const count = async (): Promise<Record<string, number>> => {
    const schools = new Set(['S1', 'unknown']);
    const kinds = ['student', 'teacher', 'role', 'class', 'enrollment'] as const;
    const found = await inTenant(database.db, database.tenantId, (tx) =>
      readActiveBySchool(
        tx,
        { runId: realSystem.newId(), sourceSystemId: source.sourceSystemId },
        new Map(kinds.map((kind) => [kind, schools])),
      ),
    );
    return Object.fromEntries(found.map(({ school, kind, count }) => [`${school} ${kind}`, count]));
  };
  assert.deepEqual(await count(), {
    'S1 student': 4,
    'S1 teacher': 0,
    'S1 role': 4,
    'S1 class': 1,
    'S1 enrollment': 4,
  });
});

test(`active counts are what counting gives, after writes of all sorts (seed ${SEED})`, async () => {
  const random = seededRandom(SEED);
  const upTo = (most: number): number => Math.floor(random() * (most + 1));
  const { db, tenantId } = database;
  const sources = [
    (await addSourceSystem(db, tenantId, { name: 'first' })).sourceSystemId,
    (await addSourceSystem(db, tenantId, { name: 'second' })).sourceSystemId,
  ];
  const [orgs, classes, people] = [3, 6, 8].map((n) => Array.from({ length: n }, () => realSystem.newId()));
  const ids = { sources, orgs: must(orgs), classes: must(classes), people: must(people) };
  const one = (list: readonly string[]): string => must(list[upTo(list.length - 1)]);
  await inTenant(db, tenantId, async (tx) => {
    for (const id of ids.orgs)
      await tx.query(
        `insert into org (tenant_id, id, type, display_name, change_seq) values (current_tenant(), $1, 'school', 'S', 1)`,
        [id],
      );
    for (const id of ids.classes)
      await tx.query(
        `insert into class (tenant_id, id, org_id, display_name, mail_nickname, change_seq) values (current_tenant(), $1, $2, 'C', 'c', 1)`,
        [id, upTo(4) === 0 ? null : one(ids.orgs)],
      );
    for (const id of ids.people)
      await tx.query(
        `insert into person (tenant_id, id, display_name, change_seq) values (current_tenant(), $1, 'P', 1)`,
        [id],
      );
  });
  const some = () =>
    `source_system_id in ('${sources.join(`', '`)}') and get_byte(uuid_send(key), 15) % ${1 + upTo(3)} = 0`;
  const writes: (() => readonly [text: string, values?: unknown[]])[] = [
    () => [
      `insert into enrollment (tenant_id, source_system_id, key, content, class_id, person_id, role, active, change_seq)
       select current_tenant(), $1, gen_random_uuid(), 1, c, $3, 'student', c <> $4, 1 from unnest($2::uuid[]) c`,
      [one(sources), ids.classes, one(ids.people), one(ids.classes)],
    ],
    () => [
      `insert into role (tenant_id, source_system_id, key, content, org_id, person_id, role, active, change_seq)
       select current_tenant(), $1, gen_random_uuid(), 1, o, $3, $5, o <> $4, 1 from unnest($2::uuid[]) o`,
      [one(sources), ids.orgs, one(ids.people), one(ids.orgs), one(['student', 'teacher', 'other'])],
    ],
    () => [`update enrollment set active = not active where ${some()}`],
    () => [`update role set active = not active where ${some()}`],
    () => [`update enrollment set class_id = $1 where ${some()}`, [one(ids.classes)]],
    () => [`update enrollment set source_system_id = $1 where ${some()}`, [one(sources)]],
    () => [`update role set org_id = $1, role = 'teacher' where ${some()}`, [one(ids.orgs)]],
    () => [`update role set change_seq = change_seq + 1`],
    () => [`update class set org_id = $2 where id = $1`, [one(ids.classes), one(ids.orgs)]],
    () => [`update class set org_id = null where id = $1`, [one(ids.classes)]],
  ];
  let most = 0;
  for (let round = 0; round < 60; round += 1) {
    await inTenant(db, tenantId, async (tx) => {
      for (let n = upTo(2); n >= 0; n -= 1) await tx.query(...must(writes[upTo(writes.length - 1)])());
    });
    const { kept, counted } = await inTenant(db, tenantId, async (tx) => ({
      kept: await tx.query(
        `select source_system_id, org_id, kind, active from active_count
          where active <> 0 and source_system_id = any($1) order by 1, 2, 3`,
        [sources],
      ),
      counted: await tx.query(
        `select source_system_id, org_id, role as kind, count(*)::integer as active from role
          where active and source_system_id = any($1) group by 1, 2, 3
         union all
         select e.source_system_id, c.org_id, 'enrollment', count(*)::integer from enrollment e join class c on c.id = e.class_id
          where e.active and c.org_id is not null and e.source_system_id = any($1) group by 1, 2 order by 1, 2, 3`,
        [sources],
      ),
    }));
    assert.deepEqual(kept, counted, `round ${round}`);
    most = Math.max(most, kept.length);
  }
  assert.ok(most > 5, 'there is something to count');
});
