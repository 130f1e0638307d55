import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { Caller } from '#core/permissions.ts';
import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';
import { seedDirectory, type SeededDirectory } from '#test/helpers/seed-directory.ts';

let server: RosterServer;
let seeded: SeededDirectory;
before(async () => {
  server = await rosterServer();
  seeded = await seedDirectory(server.db, server.tenantId);
});
after(() => server.close());

const scopes = ['EduRoster.Read'];
const me = (person: Partial<NonNullable<Caller['person']>>, path = '', version = 'v1.0', with_ = scopes) =>
  server.call(`/${version}/education/me${path}`, { scopes: with_, person: { subject: 's', ...person } });

test('who is signed in reads themselves, by object id or by user name', async () => {
  const { anna, clara } = seeded.users;
  const own = await me({ objectId: anna.toUpperCase() });
  assert.equal(own.status, 200, own.text);
  assert.equal(own.body.id, anna);
  assert.equal(own.body.student.grade, '9');
  assert.equal(own.body['@odata.context'], `${server.baseUrl}/v1.0/$metadata#education/me/$entity`);
  const byName = await me({ userPrincipalName: 'CLARA@contoso.edu' }, '?$select=id', 'beta');
  assert.equal(byName.body.id, clara);
  const foreignId = await me({
    objectId: '00000000-0000-7000-8000-000000000000',
    userPrincipalName: 'anna@contoso.edu',
  });
  assert.equal(foreignId.body.id, anna);
});

test('with EduRoster.ReadBasic they see the basic properties alone', async () => {
  const { status, body } = await me({ objectId: seeded.users.anna }, '', 'v1.0', ['EduRoster.ReadBasic']);
  assert.equal(status, 200);
  assert.deepEqual(body.student, { externalId: '13001' });
  assert.equal('mail' in body, false);
});

test('their classes, the ones they teach, and their schools', async () => {
  const ids = async (path: string, objectId: string): Promise<Set<string>> => {
    const { body, text } = await me({ objectId }, path);
    assert.ok(Array.isArray(body.value), text);
    return new Set(body.value.map(({ id }: { id: string }) => id));
  };
  const { classes, schools, users } = seeded;
  assert.deepEqual(await ids('/classes', users.anna), new Set([classes.algebra]));
  assert.deepEqual(await ids('/taughtClasses', users.anna), new Set());
  assert.deepEqual(await ids('/taughtClasses', users.clara), new Set([classes.algebra, classes.biology]));
  assert.deepEqual(await ids('/schools', users.clara), new Set([schools.contoso, schools.fabrikam]));
  const page = await me({ objectId: users.clara }, '/classes?$top=1');
  const next = await server.call(page.body['@odata.nextLink'], {
    scopes,
    person: { subject: 's', objectId: users.clara },
  });
  assert.equal(next.body.value.length, 1);
  assert.notEqual(next.body.value[0].id, page.body.value[0].id);
});

test('an application is nobody', async () => {
  for (const path of ['', '/classes', '/taughtClasses', '/schools']) {
    const { status, body } = await server.call(`/v1.0/education/me${path}`);
    assert.equal(status, 400);
    assert.equal(body.error.message, '/me request is only valid with delegated authentication flow.');
  }
});

test('who is not in the directory, or not any more, gets a 404', async () => {
  for (const person of [
    {},
    { objectId: 'x' },
    { objectId: seeded.users.ended },
    { userPrincipalName: 'ended@contoso.edu' },
    { userPrincipalName: 'nobody@contoso.edu' },
  ]) {
    const { status, body } = await me(person);
    assert.equal(status, 404, JSON.stringify(person));
    assert.equal(body.error.code, 'Request_ResourceNotFound');
    assert.equal((await me(person, '/classes')).status, 404);
  }
});

test('without a permission: 403', async () => {
  const { status } = await me({ objectId: seeded.users.anna }, '', 'v1.0', ['EduAdministration.Read']);
  assert.equal(status, 403);
});
