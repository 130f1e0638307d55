/** What waits while schools of a plan wait, and what goes on once one of them is approved. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { inTenant, type Tx } from '#storage/database.ts';
import { type TestDatabase, testDatabase } from '#test/helpers/database.ts';
import { addSourceSystem, planAndApply, type TestItem } from '#test/helpers/plan-and-apply.ts';

import { holdItems } from './hold-items.ts';
import { decideHolds } from './plan-holds.ts';

type Source = Awaited<ReturnType<typeof addSourceSystem>>;
interface Held {
  readonly item: string;
  readonly school: string;
  readonly pass: number;
}

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

const create = (kind: TestItem['kind'], id: string, more: Partial<TestItem> = {}): TestItem => ({
  kind,
  action: 'create',
  id,
  ...more,
});
const school = (id: string): TestItem => create('org', id, { after: { displayName: id } });
/** `school.class` */
const section = (id: string): TestItem =>
  create('class', id, {
    after: { displayName: id, mailNickname: id },
    first: `org:${id.split('.')[0] ?? ''}`,
  });
const pupil = (id: string, name = id): TestItem =>
  create('student', id, { after: { userPrincipalName: `${name}@s.example`, surname: 'Elm' } });
/** `school/pupil` and `school.class/pupil` */
const role = (id: string): TestItem => {
  const [org = '', person = ''] = id.split('/');
  return create('role', id, { after: { role: 'student' }, first: `student:${person}`, second: `org:${org}` });
};
const place = (id: string): TestItem => {
  const [group = '', person = ''] = id.split('/');
  return create('enrollment', id, {
    after: { role: 'student' },
    first: `class:${group}`,
    second: `student:${person}`,
  });
};
const end = (kind: TestItem['kind'], id: string): TestItem => ({ kind, action: 'end', id });

/** Plans the items, sets aside what has to wait for `schools`, and then does `more`. Pupils are of the school that `of` names. */
async function hold(
  source: Source,
  items: readonly TestItem[],
  of: Readonly<Record<string, string>>,
  schools: readonly string[],
  more: (tx: Tx, runId: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<Held[]> {
  let held: Held[] = [];
  const beforeApply = (): Promise<void> =>
    inTenant(database.db, database.tenantId, async (tx) => {
      const [run] = await tx.query<{ id: string }>(
        `select id from run where profile_id = $1 and state = 'applying'`,
        [source.profileId],
      );
      const runId = run?.id ?? '';
      await tx.query(
        `update plan_item set school_id = coalesce($2::jsonb ->> source_id, split_part(split_part(source_id, '/', 1), '.', 1))
          where run_id = $1 and school_id is null`,
        [runId, JSON.stringify(of)],
      );
      await holdItems(
        tx,
        { runId, sourceSystemId: source.sourceSystemId },
        { schools: new Map(schools.map((id) => [id, []])), files: new Map(), addsOnly: false },
      );
      await more(tx, runId);
      held = await tx.query<Held & object>(
        `select i.action || ' ' || i.kind || ' ' || i.source_id as item, h.scope_id as school, h.pass
           from plan_item_hold h join plan_item i on i.run_id = h.run_id and i.item_no = h.item_no where h.run_id = $1 order by h.item_no`,
        [runId],
      );
    });
  await planAndApply(database.db, database.tenantId, source, items, { linkByUserName: true, beforeApply });
  return held;
}

test('what hangs on records of a held school waits in other schools, too; nobody is put out meanwhile', async () => {
  const [other, source] = [
    await addSourceSystem(database.db, database.tenantId),
    await addSourceSystem(database.db, database.tenantId),
  ];
  await planAndApply(database.db, database.tenantId, other, [pupil('theirs', 'linked')]);
  await planAndApply(database.db, database.tenantId, source, [
    ...['A', 'B'].map(school),
    ...['A.1', 'B.1'].map(section),
    ...['stays', 'back', 'moves', 'comes', 'gone', 'guest', 'turns'].map((id) => pupil(id)),
    ...['B/stays', 'A/back', 'B/moves', 'B/comes', 'A/comes', 'A/gone', 'B/gone', 'B/turns'].map(role),
    ...['B.1/moves', 'B.1/gone', 'B.1/guest'].map(place),
  ]);
  await planAndApply(database.db, database.tenantId, source, [
    end('role', 'A/comes'),
    end('role', 'A/back'),
    end('student', 'back'),
  ]);
  const held = await hold(
    source,
    [
      section('A.2'),
      ...['new', 'back', 'linked', 'own', 'moves'].map((id) => pupil(id)),
      { ...pupil('turns'), kind: 'teacher' },
      ...['A/new', 'B/new', 'A/back', 'A/linked', 'B/own', 'A/moves', 'A/comes'].map(role),
      { ...role('A/turns'), after: { role: 'teacher' }, first: 'teacher:turns' },
      ...['B.1/new', 'B.1/back', 'B.1/linked', 'B.1/own', 'B.1/stays', 'A.1/guest', 'A.2/stays'].map(place),
      ...['B.1/moves', 'B.1/gone', 'B.1/guest'].map((id) => end('enrollment', id)),
      ...['B/moves', 'B/comes', 'A/gone', 'B/gone', 'B/turns'].map((id) => end('role', id)),
      ...['gone', 'turns'].map((id) => end('student', id)),
    ],
    { new: 'A', back: 'A', linked: 'A', own: 'B', moves: 'B', turns: 'A' },
    ['A'],
  );
  assert.deepEqual(new Set(held.map((one) => `${one.school} ${one.pass}`)), new Set(['A 0']));
  assert.deepEqual(
    held.map(({ item }) => item),
    [
      'create class A.2',
      'create student new',
      'reactivate student back',
      'link student linked',
      'link teacher turns',
      'create role A/new',
      'create role B/new',
      'reactivate role A/back',
      'create role A/linked',
      'create role A/moves',
      'reactivate role A/comes',
      'create role A/turns',
      'create enrollment B.1/new',
      'create enrollment B.1/back',
      'create enrollment B.1/linked',
      'create enrollment A.1/guest',
      'create enrollment A.2/stays',
      'end enrollment B.1/moves',
      'end enrollment B.1/guest',
      'end role B/moves',
      'end role B/comes',
      'end role A/gone',
      'end role B/turns',
      'deactivate student gone',
      'deactivate student turns',
    ],
  );
});

test('a school is approved: what of it needs another one that waits stays with that one; what is rejected is not released', async () => {
  const source = await addSourceSystem(database.db, database.tenantId);
  let parts: unknown[] = [];
  const held = await hold(
    source,
    [
      ...['A', 'B', 'C'].map(school),
      ...['A.a', 'B.b', 'C.c'].map(section),
      ...['a', 'b'].map((id) => pupil(id)),
      ...['A/a', 'B/b'].map(role),
      ...['A.a/a', 'A.a/b', 'B.b/b', 'B.b/a', 'C.c/a'].map(place),
    ],
    { a: 'A', b: 'B' },
    ['A', 'B', 'C'],
    async (tx, runId) => {
      const by = { actor: 'somebody', note: null };
      assert.equal(await decideHolds(tx, runId, { ...by, decision: 'approved', schools: ['B'] }), 1);
      assert.equal(await decideHolds(tx, runId, { ...by, decision: 'approved', schools: ['B'] }), 0, 'once');
      assert.equal(await decideHolds(tx, runId, { ...by, decision: 'rejected', schools: ['C'] }), 1);
      parts = await tx.query(
        'select scope_id as school, decision, item_count as items from plan_hold where run_id = $1 order by 1',
        [runId],
      );
    },
  );
  assert.deepEqual(
    held.map(({ item, school: of, pass }) => `${item}: ${of} ${pass}`),
    [
      'create org A: A 0',
      'create org B: B 2',
      'create org C: C 0',
      'create class A.a: A 0',
      'create class B.b: B 2',
      'create class C.c: C 0',
      'create student a: A 0',
      'create student b: B 2',
      'create role A/a: A 0',
      'create role B/b: B 2',
      'create enrollment A.a/a: A 0',
      'create enrollment A.a/b: A 0',
      'create enrollment B.b/b: B 2',
      'create enrollment B.b/a: A 0',
      'create enrollment C.c/a: C 0',
    ],
  );
  assert.deepEqual(parts, [
    { school: 'A', decision: null, items: 7 },
    { school: 'B', decision: 'approved', items: 5 },
    { school: 'C', decision: 'rejected', items: 3 },
  ]);
});
