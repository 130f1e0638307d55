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

const school = (id: string, name = 'North'): TestItem => ({
  kind: 'org',
  action: 'create',
  id,
  after: { displayName: name, phone: '1' },
});
const section = (id: string, org: string): TestItem => ({
  kind: 'class',
  action: 'create',
  id,
  after: { displayName: `Class ${id}`, mailNickname: `Section_${id}` },
  first: `org:${org}`,
});
const student = (id: string, properties: Record<string, unknown> = {}): TestItem => ({
  kind: 'student',
  action: 'create',
  id,
  after: {
    userPrincipalName: `${id}@s.example`,
    givenName: 'Ada',
    surname: 'Byron',
    grade: '5',
    ...properties,
  },
});
const role = (person: string, org: string): TestItem => ({
  kind: 'role',
  action: 'create',
  id: `${org}/${person}`,
  after: { role: 'student', grade: '5' },
  first: `student:${person}`,
  second: `org:${org}`,
});
const enrollment = (section: string, person: string): TestItem => ({
  kind: 'enrollment',
  action: 'create',
  id: `${section}/${person}`,
  after: { role: 'student' },
  first: `class:${section}`,
  second: `student:${person}`,
});

async function rows<Row = Record<string, unknown>>(sql: string, values: unknown[] = []): Promise<Row[]> {
  return inTenant(database.db, database.tenantId, (tx) => tx.query<Row>(sql, values));
}

test('a first load creates everything once, in batches of any size, each with a seq of its own', async () => {
  const source = await addSourceSystem(database.db, database.tenantId);
  const prefix = 'load';
  const { failures } = await planAndApply(
    database.db,
    database.tenantId,
    source,
    [
      school(`${prefix}1`),
      section(`${prefix}c`, `${prefix}1`),
      ...['a', 'b', 'c'].map((name) => student(prefix + name)),
      ...['a', 'b', 'c'].map((name) => role(prefix + name, `${prefix}1`)),
      ...['a', 'b', 'c'].map((name) => enrollment(`${prefix}c`, prefix + name)),
    ],
    { batchItems: 2 },
  );
  assert.deepEqual(failures, []);
  const found = await rows(
    `select p.display_name, p.student_external_id, p.grade, a.user_name, c.display_name as class, o.display_name as org
       from enrollment e join person p on p.id = e.person_id join account a on a.person_id = p.id
       join class c on c.id = e.class_id join org o on o.id = c.org_id
      where e.source_system_id = $1 order by 2`,
    [source.sourceSystemId],
  );
  assert.deepEqual(
    found,
    ['a', 'b', 'c'].map((name) => ({
      display_name: 'Ada Byron',
      student_external_id: prefix + name,
      grade: '5',
      user_name: `${prefix}${name}@s.example`,
      class: `Class ${prefix}c`,
      org: 'North',
    })),
  );
  const seqs = await rows<{ change_seq: string }>(
    'select distinct change_seq from person union select change_seq from role order by 1',
  );
  assert.equal(seqs.length, 4, 'two batches of people and two of roles');
});

test('a hand edit stays until the source changes that property', async () => {
  const source = await addSourceSystem(database.db, database.tenantId);
  await planAndApply(database.db, database.tenantId, source, [school('hand')]);
  await rows(
    `update org set phone = '999', display_name = 'Edited', version = version + 1 where external_id = 'hand'`,
  );
  await planAndApply(database.db, database.tenantId, source, [
    { ...school('hand', 'Renamed'), action: 'update' },
  ]);
  assert.deepEqual(await rows(`select display_name, phone from org where external_id = 'hand'`), [
    { display_name: 'Renamed', phone: '999' },
  ]);
});

test('another user name: a mail address that was set by hand stays, and so does a barred account', async () => {
  const source = await addSourceSystem(database.db, database.tenantId);
  await planAndApply(database.db, database.tenantId, source, [student('barred')]);
  await rows(
    `update account set mail = 'hand@s.example', enabled = false where user_name = 'barred@s.example'`,
  );
  await planAndApply(database.db, database.tenantId, source, [
    { ...student('barred', { userPrincipalName: 'renamed@s.example' }), action: 'update' },
  ]);
  assert.deepEqual(
    await rows(`select a.user_name, a.mail, a.enabled from account a join person p on p.id = a.person_id
                 where p.student_external_id = 'barred'`),
    [{ user_name: 'renamed@s.example', mail: 'hand@s.example', enabled: false }],
  );
});

test('a membership of which one end is not there is named, whichever it is; the others are made', async () => {
  const source = await addSourceSystem(database.db, database.tenantId);
  const { failures } = await planAndApply(database.db, database.tenantId, source, [
    school('end o'),
    section('end s', 'end o'),
    student('end p'),
    role('end p', 'nowhere'),
    role('nobody', 'end o'),
    role('end p', 'end o'),
    enrollment('nowhere', 'end p'),
    enrollment('end s', 'nobody'),
    enrollment('end s', 'end p'),
  ]);
  assert.deepEqual(
    failures.map(({ id, code }) => `${id} ${code}`),
    [
      'role:nowhere/end p InvalidLookupReference',
      'role:end o/nobody InvalidLookupReference',
      'enrollment:nowhere/end p InvalidLookupReference',
      'enrollment:end s/nobody InvalidLookupReference',
    ],
  );
  const made = `(select count(*)::int from role where source_system_id = $1) as roles,
                (select count(*)::int from enrollment where source_system_id = $1) as places`;
  assert.deepEqual(await rows(`select ${made}`, [source.sourceSystemId]), [{ roles: 1, places: 1 }]);
});

test('absent records become inactive, keep their ids, and come back with them', async () => {
  const source = await addSourceSystem(database.db, database.tenantId);
  const everything = [school('o'), section('s', 'o'), student('p'), role('p', 'o'), enrollment('s', 'p')];
  await planAndApply(database.db, database.tenantId, source, everything);
  const state = `select 'person' as t, id::text, active from person where student_external_id = 'p'
    union all select 'account', id::text, enabled from account where user_name = 'p@s.example'
    union all select 'class', id::text, active from class where external_id = 's'
    union all select 'enrollment', key::text, active from enrollment where source_system_id = '${source.sourceSystemId}'
    union all select 'role', key::text, active from role where source_system_id = '${source.sourceSystemId}' order by 1`;
  const before = await rows<{ active: boolean }>(state);
  const gone = await planAndApply(
    database.db,
    database.tenantId,
    source,
    (['enrollment:s/p', 'role:o/p', 'student:p', 'class:s'] as const).map((reference) => {
      const [kind, id] = reference.split(':') as ['student', string];
      return { kind, action: 'end', id };
    }),
  );
  assert.deepEqual(gone.actions, [
    'end enrollment:s/p',
    'end role:o/p',
    'deactivate student:p',
    'deactivate class:s',
  ]);
  assert.deepEqual(
    await rows(state),
    before.map((row) => ({ ...row, active: false })),
  );
  const back = await planAndApply(database.db, database.tenantId, source, everything.slice(1));
  assert.deepEqual(
    back.actions.map((line) => line.split(' ')[0]),
    ['reactivate', 'reactivate', 'reactivate', 'reactivate'],
  );
  assert.deepEqual(await rows(state), before);
});

test('two sources have the same ids: what one of them changes or ends is its own alone', async () => {
  const [one, two] = [
    await addSourceSystem(database.db, database.tenantId),
    await addSourceSystem(database.db, database.tenantId),
  ];
  const everything = (properties = {}): TestItem[] => [
    school('same o'),
    section('same s', 'same o'),
    student('same p', properties),
    role('same p', 'same o'),
    enrollment('same s', 'same p'),
  ];
  await planAndApply(database.db, database.tenantId, one, everything());
  await planAndApply(
    database.db,
    database.tenantId,
    two,
    everything({ userPrincipalName: 'other@s.example' }),
  );
  const stateOf = async ({ sourceSystemId }: typeof one): Promise<unknown> => {
    const [state] = await rows(
      `select (select bool_and(c.active) from link l join class c on c.id = l.object_id where l.source_system_id = $1) as class,
              (select bool_and(p.active) from link l join person p on p.id = l.object_id where l.source_system_id = $1) as person,
              (select bool_and(r.active) from role r where r.source_system_id = $1) as role,
              (select bool_and(e.active) from enrollment e where e.source_system_id = $1) as enrollment,
              (select min(r.grade) from role r where r.source_system_id = $1) as grade,
              (select bool_and(e.is_primary) from enrollment e where e.source_system_id = $1) as "isPrimary"`,
      [sourceSystemId],
    );
    return state;
  };
  await planAndApply(database.db, database.tenantId, two, [
    { ...role('same p', 'same o'), action: 'update', after: { role: 'student', grade: '6' } },
    { ...enrollment('same s', 'same p'), action: 'update', after: { role: 'student', isPrimary: true } },
  ]);
  const there = { class: true, person: true, role: true, enrollment: true };
  assert.deepEqual(await stateOf(one), { ...there, grade: '5', isPrimary: null });
  assert.deepEqual(await stateOf(two), { ...there, grade: '6', isPrimary: true });
  await planAndApply(database.db, database.tenantId, one, [
    { kind: 'enrollment', action: 'end', id: 'same s/same p' },
    { kind: 'role', action: 'end', id: 'same o/same p' },
    { kind: 'student', action: 'end', id: 'same p' },
    { kind: 'class', action: 'end', id: 'same s' },
  ]);
  const gone = { class: false, person: false, role: false, enrollment: false };
  assert.deepEqual(await stateOf(one), { ...gone, grade: '5', isPrimary: null });
  assert.deepEqual(await stateOf(two), { ...there, grade: '6', isPrimary: true });
});

for (const many of [false, true])
  test(`a taken user name is refused, what depends on the person waits, and the profile may link instead${many ? ': in a plan about many people' : ''}`, async () => {
    const taken = many ? 'taken-of-many' : 'taken';
    const source = await addSourceSystem(database.db, database.tenantId, { name: 'first' });
    const other = await addSourceSystem(database.db, database.tenantId, { name: 'second' });
    await planAndApply(database.db, database.tenantId, source, [school(`${taken} 1`), student(taken)]);
    const items = [
      school(`${taken} 2`),
      section(`${taken} class`, `${taken} 2`),
      student(`${taken} mine`, { userPrincipalName: `${taken.toUpperCase()}@s.example`, surname: 'Other' }),
      role(`${taken} mine`, `${taken} 2`),
      enrollment(`${taken} class`, `${taken} mine`),
    ];
    const refused = await planAndApply(database.db, database.tenantId, other, items, { many });
    assert.deepEqual(refused.failures, [
      { id: `student:${taken} mine`, code: 'DuplicateTargetEntries' },
      { id: `role:${taken} 2/${taken} mine`, code: 'InvalidLookupReference' },
      { id: `enrollment:${taken} class/${taken} mine`, code: 'InvalidLookupReference' },
    ]);
    const linked = await planAndApply(database.db, database.tenantId, other, items.slice(2), {
      linkByUserName: true,
      many,
    });
    assert.deepEqual(linked.failures, []);
    assert.deepEqual(
      await rows(`select surname, (select count(*)::int from link l where l.object_id = p.id) as links,
                       (select count(*)::int from enrollment e where e.person_id = p.id) as enrollments
                  from person p join account a on a.person_id = p.id where lower(a.user_name) = '${taken}@s.example'`),
      [{ surname: 'Byron', links: 2, enrollments: 1 }],
      'the older link owns the attributes',
    );
    await planAndApply(database.db, database.tenantId, source, [
      { kind: 'student', action: 'end', id: taken },
    ]);
    assert.deepEqual(
      await rows(
        `select surname, p.active, a.enabled from person p join account a on a.person_id = p.id where lower(a.user_name) = '${taken}@s.example'`,
      ),
      [{ surname: 'Other', active: true, enabled: true }],
      'ownership passes on, the person stays',
    );
  });

test('two people of one roster with one user name: the first in the file has it', async () => {
  const source = await addSourceSystem(database.db, database.tenantId);
  const { failures } = await planAndApply(database.db, database.tenantId, source, [
    student('twin1', { userPrincipalName: 'twin@s.example' }),
    student('twin2', { userPrincipalName: 'Twin@s.example' }),
  ]);
  assert.deepEqual(failures, [{ id: 'student:twin2', code: 'DuplicateTargetEntries' }]);
});

test('matching links to the one account, and says which records have none or several', async () => {
  const source = await addSourceSystem(database.db, database.tenantId);
  const ids = [
    '00000000-0000-7000-8000-00000000000a',
    '00000000-0000-7000-8000-00000000000b',
    '00000000-0000-7000-8000-00000000000c',
  ];
  for (const [index, id] of ids.entries()) {
    await rows(
      `insert into person (tenant_id, id, display_name, given_name, external_source, change_seq) values (current_tenant(), $1, 'By hand', 'Hand', 'manual', 0)`,
      [id],
    );
    await rows(
      `insert into account (tenant_id, id, person_id, user_name, mail, change_seq) values (current_tenant(), $1, $1, $2, $3, 0)`,
      [id, `hand${index}@x.example`, index === 0 ? 'one@x.example' : 'two@x.example'],
    );
  }
  const match = (id: string, value: string): TestItem => ({
    kind: 'student',
    action: 'create',
    id,
    after: { matchValue: value, givenName: 'Sis', surname: 'Sisson', grade: '7' },
  });
  const { failures, actions } = await planAndApply(
    database.db,
    database.tenantId,
    source,
    [
      match('m1', 'ONE@x.example'),
      match('m2', 'two@x.example'),
      match('m3', 'none@x.example'),
      match('m4', ''),
      match('m5', 'one@x.example'),
    ],
    { match: 'mail' },
  );
  assert.deepEqual(failures, [
    { id: 'student:m2', code: 'DuplicateTargetEntries' },
    { id: 'student:m3', code: 'UnsynchronizableChange' },
    { id: 'student:m4', code: 'UnsynchronizableChange' },
    { id: 'student:m5', code: 'DuplicateTargetEntries' },
  ]);
  assert.equal(actions[0], 'link student:m1');
  const person = `select display_name, given_name, surname, grade, student_external_id, active, (select enabled from account where person_id = p.id) as enabled
    from person p where id = '${ids[0]}'`;
  assert.deepEqual(await rows(person), [
    {
      display_name: 'By hand',
      given_name: 'Hand',
      surname: 'Sisson',
      grade: '7',
      student_external_id: 'm1',
      active: true,
      enabled: true,
    },
  ]);
  await planAndApply(database.db, database.tenantId, source, [{ kind: 'student', action: 'end', id: 'm1' }]);
  assert.deepEqual(
    (await rows<{ active: boolean; enabled: boolean }>(person)).map(({ active, enabled }) => ({
      active,
      enabled,
    })),
    [{ active: true, enabled: true }],
    'what was made by hand stays when the sync lets go of it',
  );
});

test('matching by an extension attribute: one account, none, several, and an empty value', async () => {
  const source = await addSourceSystem(database.db, database.tenantId);
  for (const [place, value] of ['E-1', 'E-2', 'e-2'].entries()) {
    const id = `00000000-0000-7000-8000-0000000000e${place}`;
    await rows(
      `insert into person (tenant_id, id, display_name, external_source, change_seq) values (current_tenant(), $1, 'By hand', 'manual', 0)`,
      [id],
    );
    await rows(
      `insert into account (tenant_id, id, person_id, user_name, extension_attributes, change_seq)
       values (current_tenant(), $1, $1, $2, $3, 0)`,
      [id, `ext${place}@x.example`, { extensionAttribute7: value, extensionAttribute8: 'E-3' }],
    );
  }
  const match = (id: string, value: string): TestItem => ({
    kind: 'teacher',
    action: 'create',
    id,
    after: { matchValue: value },
  });
  const { failures, actions } = await planAndApply(
    database.db,
    database.tenantId,
    source,
    [match('x1', 'e-1'), match('x2', 'E-2'), match('x3', 'E-3'), match('x4', '')],
    { match: 'extensionAttribute7' },
  );
  assert.deepEqual(failures, [
    { id: 'teacher:x2', code: 'DuplicateTargetEntries' },
    { id: 'teacher:x3', code: 'UnsynchronizableChange' },
    { id: 'teacher:x4', code: 'UnsynchronizableChange' },
  ]);
  assert.equal(actions[0], 'link teacher:x1');
});

test('an item whose object was changed after the plan is set aside, the rest stands', async () => {
  const source = await addSourceSystem(database.db, database.tenantId);
  await planAndApply(database.db, database.tenantId, source, [school('v1'), school('v2')]);
  const { failures } = await planAndApply(
    database.db,
    database.tenantId,
    source,
    [
      { ...school('v1', 'Changed'), action: 'update' },
      { ...school('v2', 'Changed'), action: 'update' },
    ],
    {
      beforeApply: async () =>
        void (await rows(`update org set version = version + 1 where external_id = 'v1'`)),
    },
  );
  assert.deepEqual(failures, [{ id: 'org:v1', code: 'StaleItem' }]);
  assert.deepEqual(
    await rows(`select display_name from org where external_id in ('v1', 'v2') order by external_id`),
    [{ display_name: 'North' }, { display_name: 'Changed' }],
  );
});
