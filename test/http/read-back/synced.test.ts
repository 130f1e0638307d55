/** What a sync of SDS V2.1 wrote beyond Graph's education types is read back, as the files say it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { must } from '#lib/assert.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const FILES: Readonly<Record<string, string>> = {
  'orgs.csv': `sourcedId,name,type,parentSourcedId
d1,Contoso District,district,
s1,North School,school,d1
s2,South School,school,d1
p1,Sciences,department,s1
`,
  'academicSessions.csv': `sourcedId,title,type,schoolYear,startDate,endDate
y,School year,schoolYear,2027,2026-08-24,2027-06-11
f,Autumn,term,2027,2026-08-24,2026-12-18
w,Winter,term,2027,2027-01-04,2027-06-11
`,
  'courses.csv': `sourcedId,orgSourcedId,title,code,schoolYearSourcedId,subject,grade
c1,s1,Biology,B1,y,03,10
c2,s1,Chess,,,,
`,
  'users.csv': `sourcedId,username,givenName,familyName,password,email,phone,preferredGivenName
u1,ada,Ada,Alder,Start-1234,ada@home.example,+1 555 0100,Addie
u2,ben,Ben,Birch,Start-1234,,,
u3,cleo,Cleo,Cedar,Start-1234,,,
`,
  'roles.csv': `userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary,roleStartDate,roleEndDate
u1,s1,student,y,9,TRUE,2026-08-24,2027-06-11
u2,s1,student,,,,,
u3,s1,principal,,,true,,
u3,s2,teacher,y,,false,2026-09-01,
`,
  'classes.csv': `sourcedId,orgSourcedId,title,sessionSourcedIds,courseSourcedId,code
k1,s1,Biology 9a,"y,f,w",c1,9a
k2,s2,Chess,f,c2,
k3,s1,Free,,,
`,
  'enrollments.csv': `classSourcedId,userSourcedId,role
k1,u1,student
k1,u2,student
k1,u3,teacher
k2,u2,student
k2,u3,coach
`,
};

type Json = Record<string, unknown>;

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook();
  client = syncClient(rollbook);
  const profile = await client.createProfile({ displayName: 'V2.1' });
  const status = await client.sync(profile, FILES);
  assert.equal(status.status, 'success', status.statusMessage);
});
after(() => rollbook.stop());

/** All pages of a collection, by its externalId where it has one. */
async function all(path: string): Promise<Json[]> {
  const found = await client.all<Json>(`/api/v1${path}`);
  return found.toSorted((one, other) => (String(one['externalId']) < String(other['externalId']) ? -1 : 1));
}

async function idOf(path: string, externalId: string): Promise<string> {
  return String(must((await all(path)).find((found) => found['externalId'] === externalId))['id']);
}

async function classId(externalId: string): Promise<string> {
  const path = `/v1.0/education/classes?$filter=externalId eq '${externalId}'`;
  return String(must((await client.all<Json>(path))[0])['id']);
}

/** As the directory points at an object. */
const pointer = (id: string, externalId: string, displayName: string): Json => ({
  id,
  externalId,
  displayName,
});

function withoutId(object: Json): Json {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== 'id'));
}

test('orgs: the tree with its types', async () => {
  const orgs = await all('/orgs');
  const district = await idOf('/orgs', 'd1');
  const north = await idOf('/orgs', 's1');
  assert.deepEqual(
    orgs.map(({ externalId, type, displayName, parent, active }) => ({
      externalId,
      type,
      displayName,
      parent,
      active,
    })),
    [
      { externalId: 'd1', type: 'district', displayName: 'Contoso District', parent: null, active: true },
      {
        externalId: 'p1',
        type: 'department',
        displayName: 'Sciences',
        parent: pointer(north, 's1', 'North School'),
        active: true,
      },
      ...[
        ['s1', 'North School'],
        ['s2', 'South School'],
      ].map(([externalId, displayName]) => ({
        externalId,
        type: 'school',
        displayName,
        parent: pointer(district, 'd1', 'Contoso District'),
        active: true,
      })),
    ],
  );
  const names = async (query: string): Promise<unknown[]> =>
    (await all(`/orgs?${query}`)).map(({ externalId }) => externalId);
  assert.deepEqual(await names('type=District'), ['d1'], 'in any case');
  assert.deepEqual(await names(`parent=${district.toUpperCase()}`), ['s1', 's2']);
  assert.deepEqual(await names(`parent=${north}&type=department`), ['p1']);
  assert.deepEqual(await names(`parent=${north}&type=school`), []);
  assert.deepEqual(await names('type=ownKind'), [], 'a type that nobody has');
  const one = await client.ok('GET', `/api/v1/orgs/${district}`);
  assert.deepEqual(
    one,
    orgs.find(({ externalId }) => externalId === 'd1'),
  );
});

test('academic sessions and courses', async () => {
  const sessions = await all('/academicSessions');
  assert.deepEqual(
    sessions.map(withoutId),
    [
      ['f', 'Autumn', 'term', '2026-08-24', '2026-12-18'],
      ['w', 'Winter', 'term', '2027-01-04', '2027-06-11'],
      ['y', 'School year', 'schoolYear', '2026-08-24', '2027-06-11'],
    ].map(([externalId, displayName, type, startDate, endDate]) => ({
      displayName,
      type,
      parent: null,
      schoolYear: '2027',
      startDate,
      endDate,
      externalId,
      externalSource: 'sis',
      active: true,
    })),
  );
  const year = must(sessions[2]);
  assert.deepEqual(await client.ok('GET', `/api/v1/academicSessions/${String(year['id'])}`), year);
  const courses = await all('/courses');
  assert.deepEqual(courses.map(withoutId), [
    {
      displayName: 'Biology',
      description: null,
      courseNumber: 'B1',
      subject: '03',
      subjectCodes: null,
      grade: '10',
      orgExternalId: 's1',
      schoolYearExternalId: 'y',
      externalId: 'c1',
      externalSource: 'sis',
      active: true,
    },
    {
      displayName: 'Chess',
      description: null,
      courseNumber: null,
      subject: null,
      subjectCodes: null,
      grade: null,
      orgExternalId: 's1',
      schoolYearExternalId: null,
      externalId: 'c2',
      externalSource: 'sis',
      active: true,
    },
  ]);
  const biology = must(courses[0]);
  assert.deepEqual(await client.ok('GET', `/api/v1/courses/${String(biology['id'])}`), biology);
});

test('sessions of a class: its own, and the others that it names', async () => {
  const of = async (externalId: string): Promise<unknown[]> =>
    (await all(`/classes/${await classId(externalId)}/academicSessions`)).map(
      (session) => session['externalId'],
    );
  assert.deepEqual(await of('k1'), ['f', 'w', 'y']);
  assert.deepEqual(await of('k2'), ['f']);
  assert.deepEqual(await of('k3'), []);
});

test('a person with account and attributes, by id and by user principal name', async () => {
  const path = '/api/v1/users/ADA@students.contoso.example';
  const { id, ...ada } = await client.ok<Json>('GET', path);
  assert.deepEqual(ada, {
    displayName: 'Ada Alder',
    givenName: 'Ada',
    middleName: null,
    surname: 'Alder',
    primaryRole: 'student',
    externalSource: 'sis',
    account: {
      userPrincipalName: 'ada@students.contoso.example',
      mail: 'ada@students.contoso.example',
      accountEnabled: true,
    },
    student: { externalId: 'u1', studentNumber: null, grade: '09', graduationYear: null },
    teacher: null,
    attributes: {
      username: 'ada',
      secondaryEmail: 'ada@home.example',
      phone: '+1 555 0100',
      preferredGivenName: 'Addie',
    },
    active: true,
  });
  assert.deepEqual(await client.ok('GET', `/api/v1/users/${String(id)}`), { id, ...ada });
});

test('roles with their org, their name in the source, session and dates', async () => {
  const [north, south] = [await idOf('/orgs', 's1'), await idOf('/orgs', 's2')];
  const year = pointer(await idOf('/academicSessions', 'y'), 'y', 'School year');
  const roles = async (name: string): Promise<Json[]> =>
    (await all(`/users/${name}/roles`)).toSorted((one, other) =>
      String(one['roleName']) < String(other['roleName']) ? -1 : 1,
    );
  assert.deepEqual(await roles('ada@students.contoso.example'), [
    {
      role: 'student',
      roleName: 'student',
      grade: '09',
      isPrimary: true,
      org: { ...pointer(north, 's1', 'North School'), type: 'school' },
      academicSession: year,
      startDate: '2026-08-24',
      endDate: '2027-06-11',
      active: true,
    },
  ]);
  assert.deepEqual(await roles('cleo@contoso.example'), [
    {
      role: 'teacher',
      roleName: 'principal',
      grade: null,
      isPrimary: true,
      org: { ...pointer(north, 's1', 'North School'), type: 'school' },
      academicSession: null,
      startDate: null,
      endDate: null,
      active: true,
    },
    {
      role: 'teacher',
      roleName: 'teacher',
      grade: null,
      isPrimary: false,
      org: { ...pointer(south, 's2', 'South School'), type: 'school' },
      academicSession: year,
      startDate: '2026-09-01',
      endDate: null,
      active: true,
    },
  ]);
});

test('places in classes, from both ends', async () => {
  const cleo = await client.ok<Json>('GET', '/api/v1/users/cleo@contoso.example');
  const user = {
    id: cleo['id'],
    externalId: 'u3',
    displayName: 'Cleo Cedar',
    userPrincipalName: 'cleo@contoso.example',
  };
  const [biology, chess] = [await classId('k1'), await classId('k2')];
  const place = { role: 'teacher', isPrimary: null, beginDate: null, endDate: null, user, active: true };
  const teaching = { ...place, roleName: 'teacher', class: pointer(biology, 'k1', 'Biology 9a') };
  const coaching = { ...place, roleName: 'coach', class: pointer(chess, 'k2', 'Chess') };
  const ofCleo = await all(`/users/${String(cleo['id'])}/enrollments`);
  assert.deepEqual(
    ofCleo.toSorted((one, other) => (String(one['roleName']) < String(other['roleName']) ? -1 : 1)),
    [coaching, teaching],
  );
  const ofBiology = await all(`/classes/${biology}/enrollments`);
  assert.deepEqual(
    ofBiology
      .map((found) => `${String((found['user'] as Json)['externalId'])} ${String(found['roleName'])}`)
      .toSorted(),
    ['u1 student', 'u2 student', 'u3 teacher'],
  );
  assert.deepEqual(
    ofBiology.find(({ roleName }) => roleName === 'teacher'),
    teaching,
  );
});
