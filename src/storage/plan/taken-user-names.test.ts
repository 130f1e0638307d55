import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { inTenant } from '#storage/database.ts';
import { type TestDatabase, testDatabase } from '#test/helpers/database.ts';
import { addSourceSystem, planAndApply, type TestItem } from '#test/helpers/plan-and-apply.ts';

type Options = Parameters<typeof planAndApply>[4];
let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

const person = (id: string, name: string, properties: Record<string, unknown> = {}): TestItem => ({
  kind: 'student',
  action: 'create',
  id,
  after: { userPrincipalName: `${name}@s.example`, givenName: id, surname: 'Byron', ...properties },
});
const renamed = (id: string, name: string): TestItem => ({ ...person(id, name), action: 'update' });

/** A roster of people with user names, and what came of the next: failures, and who has which name and mail. */
async function afterwards(
  first: readonly TestItem[],
  second: readonly TestItem[],
  options: Options = {},
): Promise<{ failed: string[]; names: Record<string, string> }> {
  const source = await addSourceSystem(database.db, database.tenantId);
  const before = await planAndApply(database.db, database.tenantId, source, first, options);
  assert.deepEqual(before.failures, []);
  const { failures } = await planAndApply(database.db, database.tenantId, source, second, options);
  assert.ok(failures.every(({ code }) => code === 'DuplicateTargetEntries'));
  const people = await inTenant(database.db, database.tenantId, (tx) =>
    tx.query<{ id: string; name: string; mail: string }>(
      `select l.source_id as id, a.user_name as name, a.mail from link l join account a on a.person_id = l.object_id
        where l.source_system_id = $1 order by 1`,
      [source.sourceSystemId],
    ),
  );
  assert.deepEqual(
    people.map(({ mail }) => mail),
    people.map(({ name }) => name),
  );
  return {
    failed: failures.map(({ id }) => id.slice('student:'.length)),
    names: Object.fromEntries(people.map(({ id, name }) => [id, name.replace('@s.example', '')])),
  };
}

for (const many of [false, true]) {
  const about = many ? ' (many people)' : '';
  const n = (name: string): string => (many ? `many-${name}` : name);

  test(`two people swap their user names${about}`, async () => {
    const { failed, names } = await afterwards(
      [person('a', n('swap1')), person('b', n('swap2'))],
      [renamed('a', n('swap2')), renamed('b', n('swap1'))],
      { many },
    );
    assert.deepEqual(failed, []);
    assert.deepEqual(names, { a: n('swap2'), b: n('swap1') });
  });

  test(`user names are handed on, the last one to somebody new, whoever stands first in the file${about}`, async () => {
    const { failed, names } = await afterwards(
      [person('a', n('seat1')), person('b', n('seat2')), person('c', n('seat3'))],
      [
        person('new', n('seat1')),
        renamed('a', n('SEAT2')),
        renamed('b', n('seat3')),
        renamed('c', n('seat4')),
      ],
      { many },
    );
    assert.deepEqual(failed, []);
    assert.deepEqual(names, { a: n('SEAT2'), b: n('seat3'), c: n('seat4'), new: n('seat1') });
  });

  test(`who waits for a user name that is not given up fails, with all who wait for theirs${about}`, async () => {
    const { failed, names } = await afterwards(
      [person('a', n('wait1')), person('b', n('wait2')), person('stays', n('wait3'))],
      [person('new', n('wait1')), renamed('a', n('wait2')), renamed('b', n('wait3'))],
      { many },
    );
    assert.deepEqual(failed, ['new', 'a', 'b']);
    assert.deepEqual(names, { a: n('wait1'), b: n('wait2'), stays: n('wait3') });
  });

  test(`with linkByUserName, too, nobody becomes one with another pupil of the same roster${about}`, async () => {
    const options = { linkByUserName: true, many };
    const { failed, names } = await afterwards(
      [person('a', n('link1')), person('gives', n('link2')), person('goes', n('link3'))],
      [
        person('alike', n('link1')),
        person('takes', n('link2')),
        renamed('gives', n('link4')),
        person('back', n('link3')),
        { kind: 'student', action: 'end', id: 'goes' },
      ],
      options,
    );
    assert.deepEqual(failed, ['alike']);
    assert.deepEqual(names, {
      a: n('link1'),
      back: n('link3'),
      gives: n('link4'),
      goes: n('link3'),
      takes: n('link2'),
    });
  });
}

test('with linkByUserName, of two new pupils with one user name the first is linked', async () => {
  const other = await addSourceSystem(database.db, database.tenantId);
  await planAndApply(database.db, database.tenantId, other, [person('theirs', 'one-of-two')]);
  const { failed, names } = await afterwards(
    [person('first', 'unlike')],
    [person('b', 'one-of-two'), person('a', 'ONE-of-two')],
    { linkByUserName: true },
  );
  assert.deepEqual(failed, ['a']);
  assert.deepEqual(names, { b: 'one-of-two', first: 'unlike' });
});

test('the user names of six people go round', async () => {
  const source = await addSourceSystem(database.db, database.tenantId);
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
  const nameOf = (place: number): string => `round${place % ids.length}`;
  await planAndApply(
    database.db,
    database.tenantId,
    source,
    ids.map((id, place) => person(id, nameOf(place))),
  );
  const { failures } = await planAndApply(
    database.db,
    database.tenantId,
    source,
    ids.map((id, place) => renamed(id, nameOf(place + 1))),
  );
  assert.deepEqual(failures, []);
});

test('who changes the letter case of a user name alone keeps it, and whoever comes for it is refused', async () => {
  const { failed, names } = await afterwards(
    [person('a', 'case1')],
    [renamed('a', 'CASE1'), person('new', 'case1')],
  );
  assert.deepEqual(failed, ['new']);
  assert.deepEqual(names, { a: 'CASE1' });
});

test('who comes back with the user name of somebody else is refused; who has the new one by hand already is not', async () => {
  const source = await addSourceSystem(database.db, database.tenantId);
  const sync = (...items: TestItem[]): ReturnType<typeof planAndApply> =>
    planAndApply(database.db, database.tenantId, source, items);
  const place: TestItem = {
    kind: 'role',
    action: 'create',
    id: 'a at again',
    first: 'student:a',
    second: 'org:again',
    after: { role: 'student' },
  };
  await sync(
    { kind: 'org', action: 'create', id: 'again', after: { type: 'school', displayName: 'North' } },
    person('a', 'again1'),
    person('b', 'again2'),
    person('c', 'again3'),
    place,
  );
  await sync({ kind: 'student', action: 'end', id: 'a' }, { kind: 'role', action: 'end', id: place.id });
  await inTenant(database.db, database.tenantId, (tx) =>
    tx.query(
      `update account set user_name = 'again4@s.example', mail = 'again4@s.example' where user_name = 'again3@s.example'`,
    ),
  );
  const { failures, actions } = await sync(renamed('a', 'again2'), renamed('c', 'again4'), place);
  assert.deepEqual(failures, [
    { id: 'student:a', code: 'DuplicateTargetEntries' },
    { id: `role:${place.id}`, code: 'InvalidLookupReference' },
  ]);
  assert.deepEqual(actions, ['reactivate student:a', 'update student:c', `reactivate role:${place.id}`]);
  // With a name of their own both come back.
  assert.deepEqual((await sync(renamed('a', 'again5'), place)).failures, []);
  const [role] = await inTenant(database.db, database.tenantId, (tx) =>
    tx.query(
      'select p.active and r.active as here from role r join person p on p.id = r.person_id where r.source_system_id = $1',
      [source.sourceSystemId],
    ),
  );
  assert.deepEqual(role, { here: true });
});
