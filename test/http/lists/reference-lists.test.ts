import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { EXTENDABLE_LISTS, REFERENCE_LIST_NAMES, REFERENCE_LISTS } from '#core/roster/reference-lists.ts';
import { readListChanges } from '#engine/reference-lists.ts';
import { realSystem } from '#lib/system.ts';
import { asOwner, inTenant } from '#storage/database.ts';
import { createTenant } from '#storage/tenants/create-tenant.ts';
import { type ProfileServer, profileServer } from '#test/helpers/profile-server.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';

let server: ProfileServer;
before(async () => {
  server = await profileServer();
});
after(() => server.close());
beforeEach(() => asOwner(server.db, (tx) => tx.query('delete from reference_value')));

const LISTS = '/api/v1/referenceLists';
const valuePath = (list: string, code: string): string =>
  `${LISTS}/${list}/values/${encodeURIComponent(code)}`;

interface Value {
  code: string;
  title: string;
  origin: string;
  enabled: boolean;
}

async function valuesOf(list: string): Promise<Value[]> {
  const { body, status } = await server.call('GET', `${LISTS}/${list}`);
  assert.equal(status, 200);
  return body.values as Value[];
}

test('all lists, with their values and which can be changed', async () => {
  const { body } = await server.call('GET', LISTS);
  const lists = body.value as { id: string; title: string; extendable: boolean; values: Value[] }[];
  assert.deepEqual(
    lists.map(({ id, title, extendable, values }) => [id, title, extendable, values.map(({ code }) => code)]),
    REFERENCE_LIST_NAMES.map((name) => {
      const { title, extendable, values } = REFERENCE_LISTS[name];
      return [name, title, extendable, values.map(({ code }) => code)];
    }),
  );
  assert.deepEqual(EXTENDABLE_LISTS.toSorted(), [
    'ethnicities',
    'grades',
    'orgTypes',
    'otherRoles',
    'personFlags',
    'races',
    'staffRoles',
    'studentRoles',
    'subjects',
  ]);
  for (const { values } of lists)
    for (const { origin, enabled } of values) assert.deepEqual([origin, enabled], ['default', true]);
  const roles = lists.find(({ id }) => id === 'roles')?.values;
  assert.deepEqual(roles?.[0], {
    code: 'principal',
    title: 'Principal',
    group: 'staff',
    sortOrder: 10,
    origin: 'default',
    enabled: true,
  });
});

for (const list of EXTENDABLE_LISTS) {
  test(`${list}: a value is added, gets another title, and is removed`, async () => {
    const start = /^(?:staff|student|other)Roles$/u.test(list) ? 'ext:' : '';
    const path = valuePath(list, `${start}Zoo/Ü 1`);
    const added = await server.call('PUT', path, { title: 'Zoology' });
    assert.equal(added.status, 201, added.text);
    assert.deepEqual(added.body, {
      code: `${start}Zoo/Ü 1`,
      title: 'Zoology',
      origin: 'own',
      enabled: true,
    });
    const changed = await server.call('PUT', valuePath(list, `${start}ZOO/ü 1`), { title: 'Animals' });
    assert.equal(changed.status, 200, 'letter case makes no other value');
    const own = (await valuesOf(list)).filter(({ origin }) => origin === 'own');
    assert.deepEqual(own, [{ code: `${start}ZOO/ü 1`, title: 'Animals', origin: 'own', enabled: true }]);
    assert.equal((await server.call('DELETE', path)).status, 204);
    assert.equal((await valuesOf(list)).length, REFERENCE_LISTS[list].values.length);
    assert.equal((await server.call('DELETE', path)).status, 404);
  });
}

test('a value of a list is disabled and enabled', async () => {
  const path = valuePath('grades', 'KG');
  const disabled = await server.call('PUT', path, { enabled: false });
  assert.equal(disabled.status, 200);
  assert.deepEqual(disabled.body, { code: 'kg', title: 'Kindergarten', origin: 'default', enabled: false });
  assert.equal((await server.call('PUT', path, { enabled: false })).status, 200, 'twice is once');
  assert.deepEqual(
    (await valuesOf('grades')).filter(({ enabled }) => !enabled).map(({ code }) => code),
    ['kg'],
  );
  assert.equal((await server.call('PUT', path, { enabled: true })).body.enabled, true);
  assert.ok((await valuesOf('grades')).every(({ enabled }) => enabled));
});

const REFUSED: readonly [string, 'PUT' | 'DELETE', string, string, unknown, number, RegExp][] = [
  ['a list that is fixed', 'PUT', 'roles', 'boss', { title: 'Boss' }, 409, /roles is fixed/],
  ['a list that is fixed', 'DELETE', 'sexes', 'male', undefined, 409, /sexes is fixed/],
  ['no such list', 'PUT', 'colours', 'red', { title: 'Red' }, 404, /no list "colours"/],
  ['the name of an object', 'PUT', 'constructor', 'red', { title: 'Red' }, 404, /no list "constructor"/],
  ['no title', 'PUT', 'grades', '5a', {}, 400, /title/],
  ['a blank title', 'PUT', 'grades', '5a', { title: '  ' }, 400, /title/],
  ['a long title', 'PUT', 'grades', '5a', { title: '🎓'.repeat(256) }, 400, /255/],
  ['a title of another type', 'PUT', 'grades', '5a', { title: 5 }, 400, /title/],
  ['an unknown property', 'PUT', 'grades', '5a', { title: 'x', colour: 'red' }, 400, /colour/],
  ['an own value disabled', 'PUT', 'grades', '5a', { title: 'x', enabled: false }, 400, /removed instead/],
  [
    'the title of a value of the list',
    'PUT',
    'grades',
    'KG',
    { title: 'x', enabled: true },
    400,
    /title cannot/,
  ],
  ['a value of the list as an own one', 'PUT', 'grades', 'KG', { title: 'x' }, 400, /title cannot/],
  ['a grade that is read as another', 'PUT', 'grades', '1', { title: 'x' }, 409, /read as 01/],
  ['a comma', 'PUT', 'grades', '5a,5b', { title: 'x' }, 400, /comma/],
  ['a blank at the end', 'PUT', 'grades', '5a ', { title: 'x' }, 400, /blanks/],
  ['a long code', 'PUT', 'grades', 'a'.repeat(65), { title: 'x' }, 400, /64/],
  ['a control character', 'PUT', 'grades', 'a\u0007', { title: 'x' }, 400, /characters/],
  ['a value of the list removed', 'DELETE', 'grades', 'KG', undefined, 409, /Disable it/],
  ['what is not there removed', 'DELETE', 'grades', '5a', undefined, 404, /no value "5a"/],
];
for (const [name, method, list, code, body, status, message] of REFUSED) {
  test(`refused: ${name} (${method} ${list})`, async () => {
    const answer = await server.call(method, valuePath(list, code), body);
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.body.error.message, message);
    const stored = await asOwner(server.db, (tx) => tx.query('select 1 from reference_value'));
    assert.equal(stored.length, 0);
  });
}

test('a title may have 255 characters, a code 64', async () => {
  const path = valuePath('subjects', 'c'.repeat(64));
  assert.equal((await server.call('PUT', path, { title: '🎓'.repeat(255) })).status, 201);
});

test('no more than a thousand of a list', async () => {
  await inTenant(server.db, server.tenantId, (tx) =>
    tx.query(
      `insert into reference_value (tenant_id, list, code_key, code, title, changed_by)
       select current_tenant(), 'subjects', 'x' || n, 'x' || n, 'X', 'test' from generate_series(1, 1000) n`,
    ),
  );
  const more = await server.call('PUT', valuePath('subjects', 'y'), { title: 'Y' });
  assert.equal(more.status, 409);
  assert.equal((await server.call('PUT', valuePath('subjects', 'X1'), { title: 'Y' })).status, 200);
  assert.equal((await server.call('PUT', valuePath('grades', 'y'), { title: 'Y' })).status, 201);
});

test('another tenant has its own', async () => {
  const other = realSystem.newId();
  await createTenant(server.db, { id: other, name: 'Other', timeZone: 'UTC' }, testSecretBox);
  await server.call('PUT', valuePath('grades', '5a'), { title: 'Class 5a' });
  await server.call('PUT', valuePath('grades', '13'), { enabled: false });
  await server.call('PUT', valuePath('orgTypes', 'kita'), { title: 'Kindertagesstätte' });
  assert.deepEqual(await inTenant(server.db, server.tenantId, readListChanges), {
    grades: { added: ['5a'], disabled: ['13'] },
    orgTypes: { added: ['kita'], disabled: [] },
  });
  assert.equal(await inTenant(server.db, other, readListChanges), null);
  const read = await server.call('GET', `${LISTS}/grades`, undefined, { tenantId: other });
  assert.equal(read.body.values.length, REFERENCE_LISTS.grades.values.length);
});

test('who may read may not change', async () => {
  const options = { permissions: ['EduAdministration.Read.All'] };
  const reader = await server.call('GET', LISTS, undefined, options);
  assert.equal(reader.status, 200);
  for (const method of ['PUT', 'DELETE'] as const) {
    const path = valuePath('grades', '5a');
    const answer = await server.call(method, path, { title: 'x' }, options);
    assert.equal(answer.status, 403);
  }
});
