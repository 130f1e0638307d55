import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { inTenant } from '#storage/database.ts';
import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';
import { seedDirectory, seedStudents, type SeededDirectory } from '#test/helpers/seed-directory.ts';

let server: RosterServer;
let seeded: SeededDirectory;
before(async () => {
  server = await rosterServer();
  seeded = await seedDirectory(server.db, server.tenantId);
});
after(() => server.close());

const ids = (objects: { id: string }[]): string[] => objects.map(({ id }) => id).toSorted();

test('related objects come along, as their own address gives them', async () => {
  const { classes } = seeded;
  const { status, body } = await server.call(
    '/v1.0/education/classes?$select=id&$expand=members($select=id,givenName),teachers,schools',
  );
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(
    body['@odata.context'],
    `${server.baseUrl}/v1.0/$metadata#education/classes(id,members(id,givenName),teachers(),schools())`,
  );
  assert.equal(body.value.length, 2);
  for (const found of body.value) {
    assert.deepEqual(Object.keys(found), ['id', 'members', 'teachers', 'schools']);
    for (const [name, query] of [
      ['members', '?$select=id,givenName'],
      ['teachers', ''],
      ['schools', ''],
    ] as const) {
      const own = await server.call(`/v1.0/education/classes/${found.id}/${name}${query}`);
      assert.deepEqual(found[name], own.body.value, name);
    }
  }
  const algebra = body.value.find(({ id }: { id: string }) => id === classes.algebra);
  assert.deepEqual(
    ids(algebra.members),
    ids(['anna', 'ben', 'clara'].map((name) => ({ id: seeded.users[name as 'anna'] }))),
  );
});

test('of one object, and an empty list where there is nothing', async () => {
  const { users, classes } = seeded;
  const dora = await server.call(
    `/beta/education/users/${users.dora}?expand=classes,taughtClasses&select=displayName`,
  );
  assert.deepEqual([dora.body.classes, dora.body.taughtClasses], [[], []]);
  const clara = await server.call(
    `/beta/education/users/${users.clara}?$expand=taughtClasses($select=displayName)`,
  );
  assert.equal(clara.body.taughtClasses.length, 2);
  assert.equal(clara.body.displayName.length > 0, true);
  const ended = await server.call(`/beta/education/classes/${classes.ended}?$expand=members`);
  assert.equal(ended.status, 404);
});

test('a long list goes on behind its own link', async () => {
  const students = await seedStudents(server.db, server.tenantId, 130);
  const { algebra } = seeded.classes;
  await inTenant(server.db, server.tenantId, (tx) =>
    tx.query(
      `insert into enrollment (tenant_id, source_system_id, key, content, class_id, person_id, role, change_seq)
       select current_tenant(), $1, gen_random_uuid(), 0, $2, id, 'student', 1 from unnest($3::uuid[]) id`,
      [seeded.sourceSystemId, algebra, students],
    ),
  );
  const { body } = await server.call(`/v1.0/education/classes/${algebra}?$expand=members($select=id)`);
  assert.equal(body.members.length, 100);
  const rest = await server.call(body['members@odata.nextLink']);
  assert.equal(rest.status, 200, JSON.stringify(rest.body));
  const everyone = [...body.members, ...rest.body.value];
  assert.deepEqual(Object.keys(everyone.at(-1)), ['id']);
  assert.equal(new Set(ids(everyone)).size, 133);
});

test('it shows no more than the caller may see', async () => {
  const basic = { permissions: ['EduRoster.ReadBasic.All'] };
  const { body } = await server.call('/v1.0/education/classes?$expand=members', basic);
  for (const { members } of body.value)
    for (const member of members)
      assert.deepEqual(['mail' in member, 'displayName' in member], [false, true]);
  const mail = await server.call('/v1.0/education/classes?$expand=members($select=mail)', basic);
  assert.deepEqual([mail.status, mail.body.error.code], [403, 'Authorization_RequestDenied']);
  const any = await server.call("/v1.0/education/classes?$filter=members/any(m:m/mail eq 'x')", basic);
  assert.equal(any.status, 403);
  const person = { scopes: ['EduRoster.Read'] };
  assert.equal((await server.call('/v1.0/education/schools?$expand=users', person)).status, 403);
  assert.equal((await server.call('/v1.0/education/schools?$expand=classes', person)).status, 200);
  // Nor does a filter tell whether somebody is at a school.
  for (const path of ['education/schools', 'education/schools/$count'])
    for (const filter of ["users/any(u:u/displayName eq 'x')", 'not users/any()']) {
      const { status } = await server.call(`/v1.0/${path}?$filter=${encodeURIComponent(filter)}`, person);
      assert.equal(status, 403, `${path} ${filter}`);
    }
  const units = '/v1.0/directory/administrativeUnits';
  assert.equal((await server.call(`${units}?$expand=members`, person)).status, 403);
  assert.equal((await server.call(`${units}?$filter=members/any()`, person)).status, 403);
  const directory = { permissions: ['Directory.Read.All'] };
  assert.equal((await server.call(`${units}?$expand=members`, directory)).status, 200);
});
