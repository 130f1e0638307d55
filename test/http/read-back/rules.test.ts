/** Who may read rosters back, page by page, and what is a 404 or a 400. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { inTenant } from '#storage/database.ts';
import { type RosterCall, rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';
import { type SeededDirectory, seedDirectory, seedStudents } from '#test/helpers/seed-directory.ts';

type Json = Record<string, unknown>;

let server: RosterServer;
let seeded: SeededDirectory;
/** A path with the ids of the seeded directory in it. */
const paths: Record<string, string> = {};

before(async () => {
  server = await rosterServer();
  seeded = await seedDirectory(server.db, server.tenantId);
  const { users, classes, schools } = seeded;
  await server.rows(
    `update person set attributes = '{"username": "anna", "mailingCity": "Redmond", "federalRace": "x", "newColumn": "y"}' where id = $1`,
    users.anna,
  );
  await server.rows(
    `update demographics set attributes = '{"ethnicity": "z"}' where person_id = $1`,
    users.anna,
  );
  await server.rows(
    `insert into contact_relationship (tenant_id, id, person_id, relationship, display_name, email_address, mobile_phone, active, change_seq)
     select tenant_id, gen_random_uuid(), person_id, 'guardian', 'Otto', 'otto@home.example', '1', false, change_seq
       from contact_relationship where person_id = $1`,
    users.anna,
  );
  await server.rows(`update account set user_name = 'Ben@CONTOSO.edu' where person_id = $1`, users.ben);
  await server.rows(
    `update enrollment set is_primary = true, begin_date = '2026-08-24', end_date = '2027-06-11', role_name = 'aide'
      where class_id = $1 and person_id = $2`,
    classes.algebra,
    users.clara,
  );
  await server.rows(
    `update org set attributes = '{"ncesId": "n", "stateId": "st", "zone": "z"}', principal_email = 'amy@contoso.edu', phone = '1',
            principal_external_id = 'p9', fax = '2', description = 'By the lake'
      where id = $1`,
    schools.contoso,
  );
  const [session] = await server.rows<{ id: string }>('select id from academic_session');
  const [course] = await server.rows<{ id: string }>('select id from course');
  Object.assign(paths, {
    orgs: '/api/v1/orgs',
    org: `/api/v1/orgs/${schools.contoso}`,
    academicSessions: '/api/v1/academicSessions',
    academicSession: `/api/v1/academicSessions/${session?.id}`,
    courses: '/api/v1/courses',
    course: `/api/v1/courses/${course?.id}`,
    classes: '/api/v1/classes',
    class: `/api/v1/classes/${classes.algebra}`,
    user: `/api/v1/users/${users.anna}`,
    roles: `/api/v1/users/${users.anna}/roles`,
    contacts: `/api/v1/users/${users.anna}/contacts`,
    enrollments: `/api/v1/users/${users.anna}/enrollments`,
    classEnrollments: `/api/v1/classes/${classes.algebra}/enrollments`,
    classSessions: `/api/v1/classes/${classes.algebra}/academicSessions`,
    demographics: `/api/v1/users/${users.anna}/demographics`,
  });
});
after(() => server.close());

const COLLECTIONS = [
  'orgs',
  'academicSessions',
  'courses',
  'classes',
  'roles',
  'contacts',
  'enrollments',
  'classEnrollments',
  'classSessions',
];
const OBJECTS = ['org', 'academicSession', 'course', 'class', 'user'];
const SETS = ['orgs', 'academicSessions', 'courses', 'classes'];

async function read(path: string, call: RosterCall = {}): Promise<Json> {
  const { status, body, text } = await server.call(path, call);
  assert.equal(status, 200, text);
  return body as Json;
}

async function values(path: string): Promise<Json[]> {
  return (await read(path))['value'] as Json[];
}

describe('permissions', () => {
  const CASES: [who: string, call: RosterCall, roster: number, demographics: number][] = [
    ['EduRoster.Read.All', { permissions: ['EduRoster.Read.All'] }, 200, 200],
    ['EduRoster.ReadWrite.All', { permissions: ['EduRoster.ReadWrite.All'] }, 200, 200],
    ['Directory.Read.All', { permissions: ['Directory.Read.All'] }, 200, 403],
    ['EduRoster.ReadBasic.All', { permissions: ['EduRoster.ReadBasic.All'] }, 403, 403],
    ['of profiles alone', { permissions: ['EduAdministration.ReadWrite.All'] }, 403, 403],
    ['a person who may read', { scopes: ['EduRoster.Read'] }, 200, 403],
    ['a person who may write', { scopes: ['EduRoster.ReadWrite'] }, 200, 403],
    [
      'a person, with permissions of the application in the token',
      { scopes: ['EduRoster.ReadWrite'], permissions: ['EduRoster.ReadWrite.All'] },
      200,
      403,
    ],
    ['a person who may read names', { scopes: ['EduRoster.ReadBasic'] }, 403, 403],
  ];
  for (const [who, call, roster, demographics] of CASES) {
    test(who, async () => {
      for (const name of [...COLLECTIONS, ...OBJECTS, 'demographics']) {
        const answer = await server.call(paths[name] ?? '', call);
        assert.equal(
          answer.status,
          name === 'demographics' ? demographics : roster,
          `${name}: ${answer.text}`,
        );
        if (answer.status === 403) assert.equal(answer.body.error.code, 'Authorization_RequestDenied');
      }
    });
  }
});

test('another tenant has none of it', async () => {
  const other = { tenantId: server.otherTenantId };
  for (const name of SETS) assert.deepEqual(await read(paths[name] ?? '', other), { value: [] }, name);
  for (const name of Object.keys(paths).filter((one) => !SETS.includes(one))) {
    for (const query of ['', '?includeInactive=true']) {
      const { status, body } = await server.call(`${paths[name]}${query}`, other);
      assert.equal(status, 404, name);
      assert.equal(body.error.code, 'Request_ResourceNotFound');
    }
  }
  const parent = `/api/v1/orgs?parent=${seeded.schools.contoso}`;
  assert.deepEqual(await read(parent, other), { value: [] });
  for (const path of ['orgs/none', 'users/none', 'users/none@contoso.edu/roles', 'classes/1/enrollments']) {
    const { status, body } = await server.call(`/api/v1/${path}`);
    assert.equal(status, 404, path);
    assert.match(body.error.message, /does not exist/u);
  }
});

test('what needs more protection than a name is in demographics, and nowhere else', async () => {
  const user = await read(paths['user'] ?? '');
  assert.deepEqual(user['attributes'], { username: 'anna', mailingCity: 'Redmond' });
  const everything = await Promise.all(
    [...COLLECTIONS, ...OBJECTS].map(async (name) => JSON.stringify(await read(paths[name] ?? ''))),
  );
  assert.doesNotMatch(everything.join(), /2011-04-02|federalRace|newColumn|ethnicity/u);
  assert.deepEqual(await read(paths['demographics'] ?? ''), {
    userId: seeded.users.anna,
    birthDate: '2011-04-02',
    sex: 'F',
    attributes: { federalRace: 'x', newColumn: 'y', ethnicity: 'z' },
  });
  assert.deepEqual(await read(`/api/v1/users/bEN@Contoso.edu/demographics`), {
    userId: seeded.users.ben,
    birthDate: null,
    sex: null,
    attributes: {},
  });
});

test('an org has what a school of Graph has, and more', async () => {
  assert.deepEqual(await read(paths['org'] ?? ''), {
    id: seeded.schools.contoso,
    displayName: 'Contoso High School',
    description: 'By the lake',
    type: 'school',
    parent: null,
    externalId: '10001',
    externalSource: 'sis',
    schoolNumber: '1',
    ncesId: 'n',
    stateId: 'st',
    lowestGrade: '9',
    highestGrade: '12',
    externalPrincipalId: 'p9',
    principalName: 'Amy Roebuck',
    principalEmail: 'amy@contoso.edu',
    phone: '1',
    fax: '2',
    zone: 'z',
    address: {
      street: '2 Microsoft Way',
      city: 'Redmond',
      state: 'WA',
      postalCode: '98052',
      countryOrRegion: 'US',
    },
    active: true,
  });
});

test('a place in a class with all that a source may say of it', async () => {
  const places = await values('/api/v1/users/clara@contoso.edu/enrollments');
  const { algebra } = seeded.classes;
  assert.deepEqual(
    places.find((place) => (place['class'] as Json)['id'] === algebra),
    {
      role: 'teacher',
      roleName: 'aide',
      isPrimary: true,
      beginDate: '2026-08-24',
      endDate: '2027-06-11',
      class: { id: algebra, externalId: '11001', displayName: 'Algebra 1' },
      user: {
        id: seeded.users.clara,
        externalId: '14001',
        displayName: 'Clara Beane',
        userPrincipalName: 'clara@contoso.edu',
      },
      active: true,
    },
  );
});

test('contacts', async () => {
  const [olga, ...others] = await values(paths['contacts'] ?? '');
  assert.deepEqual(others, []);
  assert.deepEqual(
    { ...olga, id: '' },
    {
      id: '',
      relationship: 'parent',
      displayName: 'Olga',
      emailAddress: null,
      mobilePhone: null,
      active: true,
    },
  );
  const all = await values(`${paths['contacts']}?includeInactive=true`);
  assert.deepEqual(
    all.map(({ displayName, active }) => `${String(displayName)} ${String(active)}`).toSorted(),
    ['Olga true', 'Otto false'],
  );
});

test('what is inactive is read on demand alone: objects, and what belongs to them', async () => {
  const { schools, classes, users } = seeded;
  const names = async (path: string, of: (item: Json) => unknown): Promise<unknown[]> =>
    (await values(path)).map((item) => `${String(of(item))} ${String(item['active'])}`).toSorted();
  const byName = (item: Json): unknown => item['displayName'];
  const ofPart =
    (part: string) =>
    (item: Json): unknown =>
      (item[part] as Json)['displayName'];
  assert.deepEqual(await names('/api/v1/orgs', byName), [
    'Contoso High School true',
    'District true',
    'Fabrikam true',
  ]);
  assert.deepEqual(await names('/api/v1/orgs?includeInactive=true&type=school', byName), [
    'Closed false',
    'Contoso High School true',
    'Fabrikam true',
  ]);
  // Anna has an active role in the closed school, and an active place in the ended class.
  assert.deepEqual(await names(`${paths['roles']}?includeInactive=false`, ofPart('org')), [
    'Contoso High School true',
    'District true',
  ]);
  assert.deepEqual(await names(`${paths['roles']}?IncludeInactive=TRUE`, ofPart('org')), [
    'Closed false',
    'Contoso High School true',
    'District true',
  ]);
  assert.deepEqual(await names(paths['enrollments'] ?? '', ofPart('class')), ['Algebra 1 true']);
  assert.deepEqual(await names(`${paths['enrollments']}?includeInactive=true`, ofPart('class')), [
    'Algebra 1 true',
    'Ended false',
  ]);
  assert.deepEqual(await names(paths['classEnrollments'] ?? '', ofPart('user')), [
    "Anna O'Brien true",
    'Ben_50% true',
    'Clara Beane true',
  ]);
  const withEnded = await names(`${paths['classEnrollments']}?includeInactive=true`, ofPart('user'));
  assert.ok(withEnded.includes('Anna Ended false'));
  // An active role of somebody who is not.
  assert.deepEqual(await names(`/api/v1/users/${users.ended}/roles?includeInactive=true`, ofPart('org')), [
    'Contoso High School false',
  ]);
  for (const path of [
    `orgs/${schools.closed}`,
    `users/${users.ended}`,
    `users/${users.ended}/roles`,
    `users/${users.ended}/contacts`,
    `users/${users.ended}/demographics`,
    `users/ended@contoso.edu/enrollments`,
    `classes/${classes.ended}`,
    `classes/${classes.ended}/enrollments`,
    `classes/${classes.ended}/academicSessions`,
  ]) {
    assert.equal((await server.call(`/api/v1/${path}`)).status, 404, path);
    await read(`/api/v1/${path}?includeInactive=true`);
  }
});

describe('bad queries', () => {
  const CASES: [path: string, query: string, message: RegExp][] = [
    ['orgs', '?type=', /type: '' is no type/u],
    ['orgs', "?type=' or 1=1", /is no type/u],
    ['orgs', '?type=%00', /is no type/u],
    ['orgs', '?type=school&type=district', /type appears twice/u],
    ['orgs', '?parent=district', /parent: 'district' is not the id/u],
    ['orgs', '?parent=', /is not the id/u],
    ['orgs', '?includeInactive=yes', /includeInactive is true or false, not 'yes'/u],
    ['orgs', '?$top=0', /\$top is a whole number from 1 to 1000/u],
    ['orgs', '?$top=1001', /\$top/u],
    ['orgs', '?$skiptoken=bm9uZQ', /\$skiptoken is not one/u],
    ['orgs', "?$filter=type eq 'school'", /"\$filter" is not supported here/u],
    ['orgs', '?colour=red', /"?colour"? is unknown/u],
    ['roles', '?type=school', /type.? is unknown/u],
    ['courses', '?parent=1', /parent.? is unknown/u],
    ['user', '?$top=1', /\$top/u],
    ['demographics', '?$select=birthDate', /\$select/u],
  ];
  for (const [name, query, message] of CASES) {
    test(`${name}${query}`, async () => {
      const { status, body, text } = await server.call(`${paths[name]}${encodeURI(decodeURI(query))}`);
      assert.equal(status, 400, text);
      assert.match(body.error.message, message);
    });
  }
});

describe('pages', () => {
  let classId: string;
  let students: string[];
  before(async () => {
    const { sourceSystemId, classes } = seeded;
    classId = classes.biology;
    students = await seedStudents(server.db, server.tenantId, 25);
    await inTenant(server.db, server.tenantId, async (tx) => {
      // Two sources, so that a page ends within each and between them.
      const other = '00000000-0000-7000-8000-000000000001';
      await tx.query(
        `insert into source_system (tenant_id, id, name) values (current_tenant(), $1, 'other')`,
        [other],
      );
      await tx.query(
        `insert into enrollment (tenant_id, source_system_id, key, content, class_id, person_id, role, change_seq)
         select current_tenant(), case when n % 2 = 0 then $1::uuid else $2::uuid end, gen_random_uuid(), 1, $3, person, 'student', 1
           from unnest($4::uuid[]) with ordinality as u(person, n)`,
        [sourceSystemId, other, classId, students],
      );
    });
  });

  async function pages(path: string): Promise<Json[][]> {
    const found: Json[][] = [];
    let next: string | undefined = path;
    while (next !== undefined) {
      const page: Json = await read(next);
      found.push(page['value'] as Json[]);
      next = page['@odata.nextLink'] as string | undefined;
    }
    return found;
  }

  test('everything once, in pages of the size asked for', async () => {
    const path = `/api/v1/classes/${classId}/enrollments`;
    const found = await pages(`${path}?$top=4`);
    assert.deepEqual(
      found.map(({ length }) => length),
      [4, 4, 4, 4, 4, 4, 2],
    );
    const ids = found.flat().map(({ user }) => (user as Json)['id']);
    assert.deepEqual(new Set(ids), new Set([...students, seeded.users.clara]));
    assert.equal(ids.length, 26);
    assert.equal((await pages(path)).length, 1, 'a hundred without $top');
    const preferred = await server.call(path, { headers: { prefer: 'odata.maxpagesize=7' } });
    assert.equal(preferred.body.value.length, 7);
    assert.equal(preferred.headers.get('preference-applied'), 'odata.maxpagesize=7');
  });

  test('filters go on with the link', async () => {
    const found = await pages('/api/v1/orgs?$top=1&TYPE=school&includeInactive=true');
    assert.deepEqual(
      found
        .flat()
        .map(({ displayName }) => String(displayName))
        .toSorted(),
      ['Closed', 'Contoso High School', 'Fabrikam'],
    );
    assert.equal(found.length, 3);
  });

  test('a token goes on with its own query alone, and says nothing', async () => {
    const page = await read('/api/v1/orgs?$top=1&type=school');
    const link = String(page['@odata.nextLink']);
    const token = new URL(link).searchParams.get('$skiptoken') ?? '';
    assert.doesNotMatch(Buffer.from(token, 'base64url').toString('latin1'), /[0-9a-f]{8}-/u);
    assert.equal((await server.call(link)).status, 200);
    for (const path of [
      `/api/v1/orgs?$skiptoken=${token}`,
      `/api/v1/orgs?type=district&$skiptoken=${token}`,
      `/api/v1/orgs?type=school&includeInactive=true&$skiptoken=${token}`,
      `/api/v1/courses?$skiptoken=${token}`,
    ]) {
      const { status, body } = await server.call(path);
      assert.equal(status, 400, path);
      assert.match(body.error.message, /\$skiptoken is not one/u);
    }
    const other = await server.call(link, { tenantId: server.otherTenantId });
    assert.equal(other.status, 400);
  });
});
