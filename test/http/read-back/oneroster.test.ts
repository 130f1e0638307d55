/** What a sync of OneRoster wrote is read back, as the files say it: each column that is a fact about something. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { must } from '#lib/assert.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const FILES: Readonly<Record<string, string>> = {
  'orgs.csv': `sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId
s1,,,North School,school,101,
`,
  'academicSessions.csv': `sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear
q,,,First quarter,gradingPeriod,2026-08-24,2026-10-18,f,2027
f,,,Autumn,term,2026-08-24,2026-12-18,y,2027
y,,,School year,schoolYear,2026-08-24,2027-06-11,,2027
`,
  'courses.csv': `sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes
c1,,,y,Biology,B1,"09,10",s1,"Biology,Botany","03051,03053"
`,
  'users.csv': `sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,primaryOrgSourcedId
u1,,,true,ada,{LDAP:ada},Ada,Alder,,1001,,,,,"09,10",Start-1234,um1,s1
u2,,,true,ben,,Ben,Birch,,,,,,,10,Start-1234,,
u3,,,true,cleo,,Cleo,Cedar,,,,,,,9,Start-1234,,
`,
  'roles.csv': `sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId
r1,,,u1,primary,student,2026-08-24,2027-06-11,s1,
r2,,,u2,primary,student,,,s1,
r3,,,u3,primary,teacher,,,s1,
r4,,,u1,secondary,student,2025-08-25,2026-06-12,s1,
`,
  'classes.csv': `sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods
k1,,,Biology 9a,"09,10",c1,9a,homeroom,Room 4,s1,"f,q","Biology,Chemistry","03051,03101","1,2"
k2,,,Chess,,c1,,scheduled,,s1,f,,,
`,
  'enrollments.csv': `sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate
e1,,,k1,s1,u1,student,,2026-08-24,2027-06-11
e2,,,k2,s1,u2,student,,,
e3,,,k1,s1,u3,teacher,true,,
`,
};

type Json = Record<string, unknown>;

let rollbook: TestRollbook;
let client: SyncClient;
let profile: string;
before(async () => {
  rollbook = await startTestRollbook();
  client = syncClient(rollbook);
  profile = await client.createProfile({ displayName: 'OneRoster' });
  const status = await client.sync(profile, FILES);
  assert.equal(status.status, 'success', status.statusMessage);
});
after(() => rollbook.stop());

async function byExternalId(path: string): Promise<Map<unknown, Json>> {
  return new Map((await client.all<Json>(`/api/v1${path}`)).map((found) => [found['externalId'], found]));
}

async function userOf(name: string): Promise<Json> {
  const users = await client.all<Json>(`/v1.0/education/users?$filter=givenName eq '${name}'`);
  return client.ok('GET', `/api/v1/users/${String(must(users[0])['id'])}`);
}

test('academic sessions: the tree, whatever their order', async () => {
  const sessions = await byExternalId('/academicSessions');
  const parents = ['y', 'f', 'q'].map((id) => sessions.get(id)?.['parent']);
  const pointer = (id: string, displayName: string): Json => ({
    id: sessions.get(id)?.['id'],
    externalId: id,
    displayName,
  });
  assert.deepEqual(parents, [null, pointer('y', 'School year'), pointer('f', 'Autumn')]);
  const moved = must(FILES['academicSessions.csv']).replace('2026-10-18,f,', '2026-10-18,y,');
  await client.sync(profile, { ...FILES, 'academicSessions.csv': moved });
  const after = await byExternalId('/academicSessions');
  assert.deepEqual(after.get('q')?.['parent'], pointer('y', 'School year'));
  const free = must(FILES['academicSessions.csv']).replace('2026-10-18,f,', '2026-10-18,,');
  await client.sync(profile, { ...FILES, 'academicSessions.csv': free });
  assert.equal((await byExternalId('/academicSessions')).get('q')?.['parent'], null);
  await client.sync(profile, FILES);
});

test('courses and classes', async () => {
  const course = must((await byExternalId('/courses')).get('c1'));
  const { subject, subjectCodes, grade } = course;
  assert.deepEqual([subject, subjectCodes, grade], ['Biology,Botany', '03051,03053', '09,10']);
  const classes = await byExternalId('/classes');
  const biology = must(classes.get('k1'));
  const pointers = async (path: string, id: string): Promise<Json> => {
    const { id: objectId, externalId, displayName } = must((await byExternalId(path)).get(id));
    return { id: objectId, externalId, displayName };
  };
  assert.deepEqual(biology, {
    id: biology['id'],
    displayName: 'Biology 9a',
    description: null,
    mailNickname: 'Section_k1',
    classCode: '9a',
    classType: 'homeroom',
    location: 'Room 4',
    periods: '1,2',
    status: null,
    grade: '09,10',
    subjects: 'Biology,Chemistry',
    subjectCodes: '03051,03101',
    school: await pointers('/orgs', 's1'),
    course: await pointers('/courses', 'c1'),
    academicSession: await pointers('/academicSessions', 'f'),
    externalId: 'k1',
    externalSource: 'sis',
    active: true,
  });
  assert.deepEqual(await client.ok('GET', `/api/v1/classes/${String(biology['id'])}`), biology);
  assert.equal(classes.get('k2')?.['classType'], 'scheduled');

  const changed = must(FILES['classes.csv'])
    .replace('homeroom,Room 4', 'scheduled,')
    .replace('"Biology,Chemistry"', '');
  await client.sync(profile, { ...FILES, 'classes.csv': changed });
  const { classType, location, subjects } = must((await byExternalId('/classes')).get('k1'));
  assert.deepEqual([classType, location, subjects], ['scheduled', null, null]);
});

test('the same role in two years is two roles, and one membership', async () => {
  const { id } = await userOf('Ada');
  const roles = await client.all<Json>(`/api/v1/users/${String(id)}/roles`);
  assert.deepEqual(
    roles
      .toSorted((a, b) => String(a['startDate']).localeCompare(String(b['startDate'])))
      .map(({ roleName, isPrimary, startDate, endDate }) => [startDate, endDate, roleName, isPrimary]),
    [
      ['2025-08-25', '2026-06-12', 'student', false],
      ['2026-08-24', '2027-06-11', 'student', true],
    ],
  );
  const schools = await client.all<Json>(`/v1.0/education/users/${String(id)}/schools`);
  assert.deepEqual(
    schools.map(({ externalId }) => externalId),
    ['s1'],
  );
});

test('users: several grades, the org that comes first, other ids', async () => {
  const ada = await userOf('Ada');
  assert.equal((ada['student'] as Json)['grade'], '09', 'the first');
  assert.deepEqual(ada['attributes'], {
    username: 'ada',
    userIds: '{LDAP:ada}',
    userMasterIdentifier: 'um1',
    grades: '09,10',
    primaryOrg: 's1',
  });
  assert.deepEqual((await userOf('Ben'))['attributes'], { username: 'ben' }, 'one grade is the grade');
  const cleo = await userOf('Cleo');
  assert.deepEqual(
    cleo['attributes'],
    { username: 'cleo', grades: '09' },
    'staff have no grade of their own',
  );
  const fewer = must(FILES['users.csv']).replace('"09,10"', '10');
  await client.sync(profile, { ...FILES, 'users.csv': fewer });
  const later = await userOf('Ada');
  assert.equal((later['student'] as Json)['grade'], '10');
  assert.equal((later['attributes'] as Json)['grades'], undefined);
});
