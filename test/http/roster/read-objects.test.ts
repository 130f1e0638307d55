import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';
import { seedDirectory, type SeededDirectory } from '#test/helpers/seed-directory.ts';

let server: RosterServer;
let seeded: SeededDirectory;
before(async () => {
  server = await rosterServer();
  seeded = await seedDirectory(server.db, server.tenantId);
});
after(() => server.close());

const ids = (body: { value: { id: string }[] }): string[] => body.value.map(({ id }) => id);

describe('single objects', () => {
  test('a school, with its address', async () => {
    const { status, body, headers } = await server.call(`/v1.0/education/schools/${seeded.schools.contoso}`);
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^application\/json;odata\.metadata=minimal/);
    assert.equal(headers.get('odata-version'), '4.0');
    assert.deepEqual(body, {
      '@odata.context': `${server.baseUrl}/v1.0/$metadata#education/schools/$entity`,
      id: seeded.schools.contoso,
      displayName: 'Contoso High School',
      description: null,
      externalSource: 'sis',
      externalSourceDetail: null,
      externalId: '10001',
      schoolNumber: '1',
      lowestGrade: '9',
      highestGrade: '12',
      principalName: 'Amy Roebuck',
      principalEmail: null,
      externalPrincipalId: null,
      phone: null,
      fax: null,
      createdBy: null,
      address: {
        street: '2 Microsoft Way',
        city: 'Redmond',
        state: 'WA',
        postalCode: '98052',
        countryOrRegion: 'US',
      },
    });
  });

  test('a class, with course and term', async () => {
    const { body } = await server.call(`/beta/education/classes/${seeded.classes.algebra}`);
    assert.deepEqual(body, {
      '@odata.context': `${server.baseUrl}/beta/$metadata#education/classes/$entity`,
      id: seeded.classes.algebra,
      displayName: 'Algebra 1',
      description: null,
      mailNickname: 'Section_11001',
      classCode: 'A1',
      externalId: '11001',
      externalName: null,
      externalSource: 'sis',
      externalSourceDetail: null,
      grade: null,
      createdBy: null,
      course: {
        courseNumber: '101',
        description: null,
        displayName: 'Math 101',
        externalId: null,
        subject: 'Math',
      },
      term: { displayName: 'Fall', externalId: 'F26', startDate: '2026-08-01', endDate: '2026-12-20' },
    });
    const biology = await server.call(`/beta/education/classes/${seeded.classes.biology}`);
    assert.equal(biology.body.course, null);
    assert.equal(biology.body.term, null);
  });

  test('a student, with contacts and addresses', async () => {
    const { body } = await server.call(`/v1.0/education/users/${seeded.users.anna}`);
    assert.deepEqual(body, {
      '@odata.context': `${server.baseUrl}/v1.0/$metadata#education/users/$entity`,
      id: seeded.users.anna,
      accountEnabled: true,
      displayName: "Anna O'Brien",
      givenName: 'Anna',
      middleName: null,
      surname: "O'Brien",
      userPrincipalName: 'anna@contoso.edu',
      mail: 'anna@contoso.edu',
      mailNickname: 'anna',
      userType: 'Member',
      primaryRole: 'student',
      externalSource: 'sis',
      externalSourceDetail: null,
      student: {
        externalId: '13001',
        grade: '9',
        graduationYear: '2029',
        studentNumber: '501',
        birthDate: '2011-04-02',
        gender: 'female',
      },
      teacher: null,
      usageLocation: null,
      onPremisesInfo: { immutableId: null },
      mailingAddress: {
        street: null,
        city: 'Redmond',
        state: null,
        postalCode: null,
        countryOrRegion: null,
      },
      residenceAddress: null,
      relatedContacts: [
        {
          displayName: 'Olga',
          emailAddress: '',
          mobilePhone: null,
          relationship: 'parent',
          accessConsent: null,
        },
      ],
      assignedLicenses: [],
      assignedPlans: [],
      provisionedPlans: [],
      businessPhones: [],
      mobilePhone: null,
      department: null,
      officeLocation: null,
      preferredLanguage: null,
      passwordPolicies: null,
      passwordProfile: null,
      refreshTokensValidFromDateTime: null,
      showInAddressList: null,
      createdBy: null,
    });
  });

  test('beta has members that v1.0 does not know', async () => {
    const read = async (path: string): Promise<Record<string, unknown>> => (await server.call(path)).body;
    const { dora, anna } = seeded.users;
    assert.equal((await read(`/beta/education/users/${dora}`))['primaryRole'], 'faculty');
    assert.equal((await read(`/v1.0/education/users/${dora}`))['primaryRole'], 'unknownFutureValue');
    const { fabrikam } = seeded.schools;
    assert.equal((await read(`/beta/education/schools/${fabrikam}`))['externalSource'], 'lms');
    assert.equal((await read(`/v1.0/education/schools/${fabrikam}`))['externalSource'], 'unknownFutureValue');
    const [contact] = (await read(`/beta/education/users/${anna}`))['relatedContacts'] as { id: unknown }[];
    assert.equal(typeof contact?.id, 'string');
  });

  test('$select of whole and of nested properties', async () => {
    const path = `/v1.0/education/users/${seeded.users.anna}`;
    const { body } = await server.call(`${path}?$select=id,displayName,student/grade`);
    assert.deepEqual(body, {
      '@odata.context': `${server.baseUrl}/v1.0/$metadata#education/users(id,displayName,student/grade)/$entity`,
      id: seeded.users.anna,
      displayName: "Anna O'Brien",
      student: { grade: '9' },
    });
  });

  test('in the spellings of old and new SDKs', async () => {
    const { contoso } = seeded.schools;
    for (const path of [
      `/V1.0/Education/Schools/${contoso}`,
      `/v1.0/education/schools('${contoso}')`,
      `/v1.0/education/schools/${contoso.toUpperCase()}`,
      `/v1.0/education/schools/${contoso}?%24select=id`,
      `/beta/education/schools/${contoso}?select=id`,
    ]) {
      const { status, body } = await server.call(path);
      assert.deepEqual([status, body.id], [200, contoso], path);
    }
  });
});

describe('what is not there', () => {
  test('unknown, inactive, malformed and foreign ids are 404 in the words of Graph', async () => {
    const unknown = '018f0000-0000-7000-8000-000000000000';
    for (const path of [
      `schools/${unknown}`,
      'schools/13015',
      "schools/'%20or%201=1",
      `schools/${seeded.schools.closed}`,
      `classes/${seeded.classes.ended}`,
      `classes/${seeded.classes.ended}/members`,
      `users/${seeded.users.ended}`,
      `users/${seeded.users.ended}/classes`,
      `schools/${unknown}/users`,
      `classes/${seeded.schools.contoso}`,
    ]) {
      const { status, body } = await server.call(`/v1.0/education/${path}`);
      assert.equal(status, 404, path);
      assert.equal(body.error.code, 'Request_ResourceNotFound');
      assert.match(
        body.error.message,
        /^Resource '.*' does not exist or one of its queried reference-property objects are not present\.$/,
      );
    }
  });

  test("another tenant sees nothing of this one's", async () => {
    const { otherTenantId: tenantId } = server;
    for (const path of [
      `schools/${seeded.schools.contoso}`,
      `classes/${seeded.classes.algebra}/members`,
      `users/${seeded.users.anna}/schools`,
    ]) {
      assert.equal((await server.call(`/v1.0/education/${path}`, { tenantId })).status, 404, path);
    }
    for (const set of ['schools', 'classes', 'users']) {
      assert.deepEqual((await server.call(`/v1.0/education/${set}`, { tenantId })).body.value, []);
    }
  });
});

describe('what belongs together', () => {
  const relations: [path: () => string, expected: () => string[], type: string][] = [
    [
      () => `classes/${seeded.classes.algebra}/members`,
      () => [seeded.users.anna, seeded.users.ben, seeded.users.clara],
      'educationUser',
    ],
    [() => `classes/${seeded.classes.algebra}/teachers`, () => [seeded.users.clara], 'educationUser'],
    [() => `classes/${seeded.classes.biology}/members`, () => [seeded.users.clara], 'educationUser'],
    [() => `classes/${seeded.classes.algebra}/schools`, () => [seeded.schools.contoso], 'educationSchool'],
    [
      () => `schools/${seeded.schools.contoso}/classes`,
      () => [seeded.classes.algebra, seeded.classes.biology],
      'educationClass',
    ],
    [
      () => `schools/${seeded.schools.contoso}/users`,
      () => [seeded.users.anna, seeded.users.ben, seeded.users.clara],
      'educationUser',
    ],
    [() => `schools/${seeded.schools.fabrikam}/users`, () => [seeded.users.clara], 'educationUser'],
    [() => `schools/${seeded.schools.fabrikam}/classes`, () => [], 'educationClass'],
    [() => `users/${seeded.users.anna}/classes`, () => [seeded.classes.algebra], 'educationClass'],
    [
      () => `users/${seeded.users.clara}/classes`,
      () => [seeded.classes.algebra, seeded.classes.biology],
      'educationClass',
    ],
    [() => `users/${seeded.users.anna}/taughtClasses`, () => [], 'educationClass'],
    [
      () => `users/${seeded.users.clara}/taughtClasses`,
      () => [seeded.classes.algebra, seeded.classes.biology],
      'educationClass',
    ],
    [() => `users/${seeded.users.anna}/schools`, () => [seeded.schools.contoso], 'educationSchool'],
    [() => `users/${seeded.users.ben}/schools`, () => [seeded.schools.contoso], 'educationSchool'],
    [() => `users/${seeded.users.dora}/classes`, () => [], 'educationClass'],
  ];
  for (const [index, [path, expected, type]] of relations.entries()) {
    test(`relation ${index + 1}: only what is active on the whole way`, async () => {
      const { status, body } = await server.call(`/v1.0/education/${path()}`);
      assert.equal(status, 200, path());
      assert.deepEqual(ids(body).sort(), [...expected()].sort(), path());
      assert.equal(
        body['@odata.context'],
        `${server.baseUrl}/v1.0/$metadata#Collection(microsoft.graph.${type})`,
      );
    });
  }

  test('collections hold what is active', async () => {
    const list = async (set: string): Promise<string[]> =>
      ids((await server.call(`/v1.0/education/${set}`)).body).sort();
    assert.deepEqual(await list('schools'), [seeded.schools.contoso, seeded.schools.fabrikam].sort());
    assert.deepEqual(await list('classes'), [seeded.classes.algebra, seeded.classes.biology].sort());
    const { anna, ben, clara, dora } = seeded.users;
    assert.deepEqual(await list('users'), [anna, ben, clara, dora].sort());
  });
});

describe('permissions', () => {
  const basic = ['EduRoster.ReadBasic.All'];

  test('without one of the roster: 403', async () => {
    const { status, body } = await server.call('/v1.0/education/schools', {
      permissions: ['EduAdministration.ReadWrite.All'],
    });
    assert.deepEqual([status, body.error.code], [403, 'Authorization_RequestDenied']);
  });

  test('EduRoster.ReadBasic.All sees names and memberships', async () => {
    const { body } = await server.call(`/v1.0/education/users/${seeded.users.anna}`, { permissions: basic });
    assert.deepEqual(body, {
      '@odata.context': `${server.baseUrl}/v1.0/$metadata#education/users/$entity`,
      id: seeded.users.anna,
      accountEnabled: true,
      displayName: "Anna O'Brien",
      givenName: 'Anna',
      surname: "O'Brien",
      userPrincipalName: 'anna@contoso.edu',
      userType: 'Member',
      primaryRole: 'student',
      student: { externalId: '13001' },
      teacher: null,
      onPremisesInfo: { immutableId: null },
    });
    const school = await server.call(`/v1.0/education/schools/${seeded.schools.contoso}`, {
      permissions: basic,
    });
    assert.equal('principalName' in school.body, false);
    assert.equal('address' in school.body, false);
  });

  test('it asks for nothing else, not by a filter either', async () => {
    for (const query of [
      '?$select=id,mail',
      '?$filter=student/birthDate eq 2011-04-02',
      "?$filter=startswith(displayName,'A') and student/grade eq '9'",
      '?$orderby=mail',
      '/$count?$filter=student/birthDate eq 2011-04-02',
    ]) {
      const { status, body } = await server.call(`/v1.0/education/users${query}`, { permissions: basic });
      assert.deepEqual([status, body.error?.code], [403, 'Authorization_RequestDenied'], query);
      assert.match(body.error.message, /needs EduRoster\.Read\.All/);
    }
    const path = `/v1.0/education/users/${seeded.users.anna}?$select=student`;
    const { body } = await server.call(path, { permissions: basic });
    assert.deepEqual(body.student, { externalId: '13001' });
  });

  test('a signed-in person reads no lists of people', async () => {
    const scopes = ['EduRoster.ReadBasic'];
    for (const [path, expected] of [
      ['users', 403],
      [`schools/${seeded.schools.contoso}/users`, 403],
      [`users/${seeded.users.anna}`, 200],
      ['classes', 200],
    ] as const) {
      assert.equal((await server.call(`/v1.0/education/${path}`, { scopes })).status, expected, path);
    }
  });

  test('EduRoster.Read.All writes nothing', async () => {
    const { status } = await server.call('/v1.0/education/users', {
      body: {},
      permissions: ['EduRoster.Read.All'],
    });
    assert.equal(status, 403);
  });
});
