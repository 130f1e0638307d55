import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { inTenant } from '#storage/database.ts';
import { type TestDatabase, testDatabase } from '#test/helpers/database.ts';
import { addSourceSystem, planAndApply, type TestItem } from '#test/helpers/plan-and-apply.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

type Source = Awaited<ReturnType<typeof addSourceSystem>>;
const newSource = (): Promise<Source> => addSourceSystem(database.db, database.tenantId);

const contact = (
  displayName: string,
  relationship = 'parent',
  mobilePhone: string | null = null,
): object => ({
  displayName,
  emailAddress: `${displayName.split(' ')[0]?.toLowerCase()}@home.example`,
  mobilePhone,
  relationship,
});
const student = (
  id: string,
  contacts: readonly object[] | undefined,
  more: Record<string, unknown> = {},
  action: 'create' | 'update' = 'update',
): TestItem => ({
  kind: 'student',
  action,
  id,
  after: {
    userPrincipalName: `${id}@s.example`,
    surname: 'Elm',
    ...(contacts === undefined ? {} : { contacts }),
    ...more,
  },
});
const apply = async (source: Source, ...items: TestItem[]): Promise<string[]> =>
  (await planAndApply(database.db, database.tenantId, source, items, { linkByUserName: true, batchItems: 3 }))
    .actions;

/** `name relationship phone`, those that are gone in brackets. */
async function contactsOf(id: string): Promise<string[]> {
  const rows = await inTenant(database.db, database.tenantId, (tx) =>
    tx.query<{ line: string; active: boolean }>(
      `select concat_ws(' ', r.display_name, r.relationship, r.mobile_phone) as line, r.active from contact_relationship r
         join account a on a.person_id = r.person_id where a.user_name = $1`,
      [`${id}@s.example`],
    ),
  );
  return rows.map(({ line, active }) => (active ? line : `(${line})`)).toSorted();
}
async function idsOf(id: string): Promise<string[]> {
  const rows = await inTenant(database.db, database.tenantId, (tx) =>
    tx.query<{ id: string }>(
      `select r.id from contact_relationship r join account a on a.person_id = r.person_id where a.user_name = $1 and r.active order by r.display_name`,
      [`${id}@s.example`],
    ),
  );
  return rows.map((row) => row.id);
}

test('contacts of many students in small batches; ids stay with address and relationship', async () => {
  const source = await newSource();
  const ids = Array.from({ length: 7 }, (_, n) => `many${n}`);
  await apply(
    source,
    ...ids.map((id) => student(id, [contact('Ana'), contact('Ben', 'guardian')], {}, 'create')),
  );
  for (const id of ids) assert.deepEqual(await contactsOf(id), ['Ana parent', 'Ben guardian'], id);
  const before = await idsOf('many3');
  for (const id of before)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u);
  await apply(source, student('many3', [contact('Ana', 'parent', '5'), contact('Ben')]));
  assert.deepEqual(await contactsOf('many3'), ['(Ben guardian)', 'Ana parent 5', 'Ben parent']);
  assert.equal((await idsOf('many3'))[0], before[0]);
  await apply(source, student('many3', []));
  assert.deepEqual(await contactsOf('many3'), ['(Ana parent 5)', '(Ben guardian)', '(Ben parent)']);
  await apply(source, student('many3', [contact('Ana'), contact('Ben', 'guardian')]));
  assert.deepEqual(await idsOf('many3'), before);
  assert.deepEqual(await contactsOf('many2'), ['Ana parent', 'Ben guardian']);
});

test('contacts of a new student and of one who was there, in one batch', async () => {
  const source = await newSource();
  await apply(source, student('there', [contact('Ana'), contact('Ben')], {}, 'create'));
  const before = await idsOf('there');
  await apply(source, student('new', [contact('Ana')], {}, 'create'), student('there', [contact('Ana')]));
  assert.deepEqual(await contactsOf('new'), ['Ana parent']);
  assert.deepEqual(await contactsOf('there'), ['(Ben parent)', 'Ana parent']);
  assert.deepEqual(await idsOf('there'), before.slice(0, 1));
});

test('a record that says nothing of contacts any more (columns that are not wanted) takes those of the source away', async () => {
  const source = await newSource();
  await apply(source, student('quiet', [contact('Ana')], {}, 'create'));
  await apply(source, student('quiet', undefined));
  assert.deepEqual(await contactsOf('quiet'), ['(Ana parent)']);
  await apply(source, student('quiet', [], { grade: '7' }));
  assert.deepEqual(await contactsOf('quiet'), ['(Ana parent)']);
});

test('two with one address: both are there, whichever goes', async () => {
  const source = await newSource();
  const shared = [contact('Ana Elm'), contact('Ana Fir')];
  await apply(source, student('two', shared, {}, 'create'));
  assert.deepEqual(await contactsOf('two'), ['Ana Elm parent', 'Ana Fir parent']);
  await apply(source, student('two', shared.slice(1)));
  assert.deepEqual(
    (await contactsOf('two')).filter((line) => !line.startsWith('(')),
    ['Ana Fir parent'],
  );
});

test('what could not be read wholly is filled in from before: nothing goes, what is named counts', async () => {
  const source = await newSource();
  await apply(source, student('part', [contact('Ana', 'parent', '1'), contact('Ben')], {}, 'create'));
  const { runId } = await planAndApply(database.db, database.tenantId, source, [
    student('part', [contact('Ana', 'parent', '2'), contact('Aa')], { incomplete: ['contacts'] }),
  ]);
  assert.deepEqual(await contactsOf('part'), ['Aa parent', 'Ana parent 2', 'Ben parent']);
  const [item] = await inTenant(database.db, database.tenantId, (tx) =>
    tx.query<{ after: { contacts: { displayName: string }[] } }>(
      'select after from plan_item where run_id = $1',
      [runId],
    ),
  );
  assert.deepEqual(
    item?.after.contacts.map(({ displayName }) => displayName),
    ['Aa', 'Ana', 'Ben'],
  );
  assert.equal('incomplete' in item.after, false);
});

test('linked to somebody who was there: contacts of the source count, none of it takes nobody away', async () => {
  const [first, second, third] = [await newSource(), await newSource(), await newSource()];
  await apply(first, student('link', [contact('Ana')], {}, 'create'));
  assert.deepEqual(await apply(second, student('link', undefined, {}, 'create')), ['link student:link']);
  assert.deepEqual(await contactsOf('link'), ['Ana parent']);
  await apply(third, student('link', [contact('Ben')], {}, 'create'));
  assert.deepEqual(await contactsOf('link'), ['(Ana parent)', 'Ben parent']);
  // The one that stated them ends: those of the source that is left.
  await apply(third, { kind: 'student', action: 'end', id: 'link' });
  assert.deepEqual(await contactsOf('link'), ['(Ben parent)', 'Ana parent']);
  await apply(first, { kind: 'student', action: 'end', id: 'link' });
  assert.deepEqual(await contactsOf('link'), ['(Ben parent)', 'Ana parent']);
});

test('a source that lets go takes its contacts along, and touches nobody else: not those of the source that is left, nor what was done by hand', async () => {
  const [first, second, silent] = [await newSource(), await newSource(), await newSource()];
  await apply(first, student('left', [contact('Ana')], {}, 'create'));
  await apply(second, student('left', [contact('Ben')], {}, 'create'));
  await apply(silent, student('left', undefined, {}, 'create'));
  await apply(first, { kind: 'student', action: 'end', id: 'left' });
  assert.deepEqual(await contactsOf('left'), ['(Ana parent)', 'Ben parent']);
  await inTenant(database.db, database.tenantId, (tx) =>
    tx.query(`update contact_relationship set active = false where display_name = 'Ben' and person_id =
      (select person_id from account where user_name = 'left@s.example')`),
  );
  await apply(silent, { kind: 'student', action: 'end', id: 'left' });
  assert.deepEqual(await contactsOf('left'), ['(Ana parent)', '(Ben parent)']);
});
