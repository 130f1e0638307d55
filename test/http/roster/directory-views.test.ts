import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { inTenant } from '#storage/database.ts';
import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';
import { seedDirectory, type SeededDirectory } from '#test/helpers/seed-directory.ts';

const EXTENSION = 'extension_fe2174665583431c953114ff7268b7b3_Education_';

let server: RosterServer;
let seeded: SeededDirectory;
before(async () => {
  server = await rosterServer();
  seeded = await seedDirectory(server.db, server.tenantId);
  await inTenant(server.db, server.tenantId, (tx) =>
    tx.query(
      `update account set licenses = array['314c4481-f395-4525-be8b-2ec4bb1e9d91'] where user_name like 'anna@%'`,
    ),
  );
});
after(() => server.close());

/** The school data attributes of an object, without their long prefix and without those that have no value. */
function attributesOf(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object)
      .filter(([name, value]) => name.startsWith(EXTENSION) && value !== null)
      .map(([name, value]) => [name.slice(EXTENSION.length), value]),
  );
}
const filtered = (path: string, filter: string) =>
  server.call(`${path}?$filter=${encodeURIComponent(filter)}`);

test('schools are administrative units', async () => {
  const { body } = await filtered(
    '/beta/directory/administrativeUnits',
    `${EXTENSION}ObjectType eq 'School'`,
  );
  assert.equal(body['@odata.context'], `${server.baseUrl}/beta/$metadata#directory/administrativeUnits`);
  assert.equal(body.value.length, 2);
  const contoso = body.value.find(({ id }: { id: string }) => id === seeded.schools.contoso);
  assert.equal(contoso.displayName, 'Contoso High School');
  assert.deepEqual(attributesOf(contoso), {
    ObjectType: 'School',
    AnchorId: 'School_10001',
    SyncSource: 'SIS',
    SyncSource_SchoolId: '10001',
    SchoolNumber: '1',
    LowestGrade: '9',
    HighestGrade: '12',
    SchoolPrincipalName: 'Amy Roebuck',
    Address: '2 Microsoft Way',
    City: 'Redmond',
    State: 'WA',
    Zip: '98052',
    Country: 'US',
  });
  const members = await server.call(`/v1.0/directory/administrativeUnits/${contoso.id}/members?$select=id`);
  assert.deepEqual(
    members.body.value.map((member: Record<string, unknown>) => member['@odata.type']),
    Array.from({ length: members.body.value.length }, () => '#microsoft.graph.user'),
  );
  const users = await server.call(`/v1.0/education/schools/${contoso.id}/users?$select=id`);
  assert.deepEqual(
    members.body.value.map(({ id }: { id: string }) => id),
    users.body.value.map(({ id }: { id: string }) => id),
  );
});

test('classes are groups with members and owners', async () => {
  const { algebra } = seeded.classes;
  const { body } = await filtered('/beta/groups', `${EXTENSION}SyncSource_SectionId eq '11001'`);
  assert.equal(body.value.length, 1);
  const [group] = body.value;
  assert.deepEqual([group.id, group.mailNickname, group.groupTypes], [algebra, 'Section_11001', ['Unified']]);
  assert.deepEqual(attributesOf(group), {
    ObjectType: 'Section',
    AnchorId: 'Section_11001',
    SyncSource: 'SIS',
    SyncSource_SectionId: '11001',
    SyncSource_SchoolId: '10001',
    SectionNumber: 'A1',
    Status: 'Active',
    SyncSource_TermId: 'F26',
    TermId: 'F26',
    TermName: 'Fall',
    TermStartDate: '2026-08-01',
    TermEndDate: '2026-12-20',
    CourseName: 'Math 101',
    CourseNumber: '101',
    CourseSubject: 'Math',
  });
  for (const [name, education] of [
    ['members', 'members'],
    ['owners', 'teachers'],
  ]) {
    const people = await server.call(`/v1.0/groups/${algebra}/${name}`);
    assert.equal(people.body['@odata.context'], `${server.baseUrl}/v1.0/$metadata#directoryObjects`);
    const same = await server.call(`/v1.0/education/classes/${algebra}/${education}`);
    assert.deepEqual(
      people.body.value.map(({ id, displayName }: Record<string, unknown>) => [id, displayName]),
      same.body.value.map(({ id, displayName }: Record<string, unknown>) => [id, displayName]),
    );
  }
  const unified = await filtered('/v1.0/groups', `groupTypes/any(c:c eq 'Unified') and mailEnabled eq true`);
  assert.equal(unified.body.value.length, 2);
  assert.deepEqual((await filtered('/v1.0/groups', `groupTypes/any(c:c eq 'Other')`)).body.value, []);
});

test('people are users', async () => {
  const { anna, clara } = seeded.users;
  const { body } = await filtered('/beta/users', `${EXTENSION}ObjectType eq 'Student'`);
  const found = body.value.find(({ id }: { id: string }) => id === anna);
  assert.deepEqual(attributesOf(found), {
    ObjectType: 'Student',
    AnchorId: 'Student_13001',
    SyncSource: 'SIS',
    SyncSource_StudentId: '13001',
    SyncSource_SchoolId: '10001',
    StudentNumber: '501',
    Grade: '9',
    GraduationYear: '2029',
    DateOfBirth: '2011-04-02',
    Gender: 'female',
    MailingCity: 'Redmond',
  });
  assert.equal(found.employeeId, null);
  const teachers = await filtered('/beta/users', `${EXTENSION}ObjectType eq 'Teacher'`);
  assert.ok(teachers.body.value.some(({ id }: { id: string }) => id === clara));
  const memberOf = await server.call(
    `/v1.0/users/${clara}/memberOf?$select=displayName&$orderby=displayName`,
  );
  assert.deepEqual(
    memberOf.body.value.map((group: Record<string, unknown>) => [group['@odata.type'], group['displayName']]),
    [
      ['#microsoft.graph.group', 'Algebra 1'],
      ['#microsoft.graph.group', 'Biology'],
    ],
  );
});

test('a user is read by user principal name too, in any case; what is none, gone or of another tenant is 404', async () => {
  const { anna } = seeded.users;
  for (const set of ['v1.0/users', 'beta/users', 'v1.0/education/users', 'beta/education/users']) {
    for (const name of ['anna@contoso.edu', 'Anna%40Contoso.EDU']) {
      const { status, body } = await server.call(`/${set}/${name}?$select=id,displayName`);
      assert.deepEqual([status, body.id, body.displayName], [200, anna, "Anna O'Brien"], `${set}/${name}`);
    }
    for (const name of [
      'nobody@contoso.edu',
      '@',
      'anna@',
      `${'a'.repeat(65)}@contoso.edu`,
      "a'--@b",
      '%00@b',
    ]) {
      const { status, body } = await server.call(`/${set}/${name}`);
      assert.deepEqual([status, body.error.code], [404, 'Request_ResourceNotFound'], `${set}/${name}`);
    }
  }
  assert.equal((await server.call('/v1.0/groups/anna@contoso.edu')).status, 404);
});

test('what belongs to a user is read by user principal name as well', async () => {
  const { anna, clara } = seeded.users;
  for (const [path, id, name] of [
    ['/v1.0/users/*/memberOf', anna, 'anna@contoso.edu'],
    ['/beta/users/*/ownedObjects?$top=1', clara, 'Clara%40Contoso.EDU'],
    [
      '/v1.0/education/users/*/taughtClasses?$expand=teachers&$orderby=displayName',
      clara,
      'clara@contoso.edu',
    ],
    ['/beta/education/users/*/user', clara, 'clara@contoso.edu'],
  ] as const) {
    const byId = await server.call(path.replace('*', id));
    const byName = await server.call(path.replace('*', name));
    assert.equal(byName.status, 200, byName.text);
    assert.deepEqual(byName.body.value ?? byName.body, byId.body.value ?? byId.body, path);
    assert.notDeepEqual(byName.body.value, [], path);
  }
  assert.equal((await server.call('/v1.0/education/users/clara@contoso.edu/classes/$count')).text, '2');
  const first = await server.call('/v1.0/education/users/clara@contoso.edu/classes?$top=1');
  const second = await server.call(first.body['@odata.nextLink']);
  assert.deepEqual([second.body.value.length, '@odata.nextLink' in second.body], [1, false]);
  for (const path of ['memberOf', 'memberOf/$count'])
    for (const [name, tenantId] of [
      ['nobody@contoso.edu', server.tenantId],
      ['anna@contoso.edu', server.otherTenantId],
    ] as const) {
      const { status, body } = await server.call(`/v1.0/users/${name}/${path}`, { tenantId });
      assert.deepEqual([status, body.error.code], [404, 'Request_ResourceNotFound'], `${name}/${path}`);
    }
  assert.equal((await server.call('/v1.0/groups/anna@contoso.edu/members')).status, 404);
});

test('v1.0 shows of a user what Graph shows, and more when asked', async () => {
  const { anna } = seeded.users;
  const { body } = await server.call(`/v1.0/users/${anna}`);
  assert.equal('accountEnabled' in body, false);
  assert.equal(body.userPrincipalName, 'anna@contoso.edu');
  const more = await server.call(`/v1.0/users/${anna}?$select=accountEnabled,${EXTENSION}Grade`);
  assert.deepEqual([more.body.accountEnabled, more.body[`${EXTENSION}Grade`]], [true, '9']);
});

test('the object in the directory behind a school, a class, a person', async () => {
  const { schools, classes, users } = seeded;
  for (const [path, id, context] of [
    [`schools/${schools.contoso}/administrativeUnit`, schools.contoso, 'administrativeUnits'],
    [`classes/${classes.algebra}/group`, classes.algebra, 'groups'],
    [`users/${users.anna}/user`, users.anna, 'users'],
  ] as const) {
    const { status, body } = await server.call(`/v1.0/education/${path}`);
    assert.deepEqual([status, body.id], [200, id], path);
    assert.equal(body['@odata.context'], `${server.baseUrl}/v1.0/$metadata#${context}/$entity`);
  }
  const expanded = await server.call(
    `/v1.0/education/classes/${classes.algebra}?$expand=group($select=mailNickname)`,
  );
  assert.deepEqual(expanded.body.group, { mailNickname: 'Section_11001' });
  assert.equal((await server.call(`/v1.0/education/classes/${classes.ended}/group`)).status, 404);
});

test('the tenant is the organization, its licences those in use', async () => {
  await server.provisioned();
  const { body } = await server.call('/v1.0/organization');
  assert.deepEqual(
    body.value.map(({ id, displayName }: Record<string, unknown>) => [id, displayName]),
    [[server.tenantId, 'Test']],
  );
  assert.deepEqual(
    body.value[0].verifiedDomains.map(({ name, isDefault }: Record<string, unknown>) => [name, isDefault]),
    [
      ['contoso.edu', true],
      ['students.contoso.edu', false],
    ],
  );
  assert.equal((await server.call(`/v1.0/organization/${server.otherTenantId}`)).status, 404);
  const skus = await server.call('/v1.0/subscribedSkus');
  assert.deepEqual(
    skus.body.value.map((sku: Record<string, unknown>) => [sku['skuId'], sku['consumedUnits']]),
    [['314c4481-f395-4525-be8b-2ec4bb1e9d91', 1]],
  );
});

test('who may read them', async () => {
  const paths = [
    '/v1.0/users',
    '/v1.0/groups',
    '/v1.0/directory/administrativeUnits',
    '/v1.0/organization',
    '/v1.0/subscribedSkus',
  ];
  for (const path of paths) {
    const directory = await server.call(path, { permissions: ['Directory.Read.All'] });
    assert.equal(directory.status, 200, path);
    assert.equal(
      (await server.call(path, { permissions: ['EduAdministration.ReadWrite.All'] })).status,
      403,
      path,
    );
    const person = await server.call(path, { scopes: ['EduRoster.Read'] });
    assert.equal(person.status, path === '/v1.0/users' ? 403 : 200, path);
  }
  const education = await server.call('/v1.0/education/users', { permissions: ['Directory.Read.All'] });
  assert.equal(education.status, 403);
  const basic = { permissions: ['EduRoster.ReadBasic.All'] };
  const { body } = await server.call('/beta/users', basic);
  assert.deepEqual(attributesOf(body.value[0]), {});
  assert.equal('mail' in body.value[0], false);
  const hidden = await server.call(`/v1.0/users?$filter=${EXTENSION}Grade eq '9'`, basic);
  assert.equal(hidden.status, 403);
});
