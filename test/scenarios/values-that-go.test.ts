/** What the source does not say any more: a column or a format without it takes the values along, as an empty value does. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';
import { syncedRoster } from '#test/helpers/synced-roster.ts';

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook();
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

const lines = (...rows: readonly string[]): string => `${rows.join('\n')}\n`;

test('a column that is not there any more takes its values along, and stays without when it is back and empty', async () => {
  const roster = await syncedRoster(rollbook);
  const [student] = roster.roster.student;
  assert.ok(student);
  const id = await roster.idOf('student', 'S1P1');
  const read = async (): Promise<unknown> => {
    const [person] = await rollbook.rows('select attributes, middle_name from person where id = $1', [id]);
    assert.ok(person);
    const { secondaryEmail, mailingCity } = person['attributes'] as Record<string, unknown>;
    return { secondaryEmail, mailingCity, middle: person['middle_name'] };
  };
  const setAll = (value: string | undefined): void => {
    for (const row of roster.roster.student)
      for (const column of ['Secondary Email', 'Middle Name'])
        if (value === undefined) delete row[column];
        else row[column] = value;
  };
  setAll('p1@mail.example');
  await roster.sync();
  const said = { secondaryEmail: 'p1@mail.example', middle: 'p1@mail.example', mailingCity: 'Contoso' };
  assert.deepEqual(await read(), said);
  setAll(undefined);
  await roster.sync();
  const gone = { secondaryEmail: undefined, middle: null, mailingCity: 'Contoso' };
  assert.deepEqual(await read(), gone);
  setAll('');
  assert.deepEqual(await roster.sync(), {});
  assert.deepEqual(await read(), gone);
});

test('an org that has no type any more is a school, and what the next format does not know is gone', async () => {
  const profile = await client.createProfile({ displayName: 'Formats' });
  const v21 = (type: string): Record<string, string> => ({
    'orgs.csv': lines('sourcedId,name,type,parentSourcedId', `vs1,North,${type},`),
    'users.csv': lines(
      'sourcedId,username,givenName,familyName,password,phone',
      'vp1,vp1,Ann,Fir,Start-1234,+493012345678',
      'vt1,vt1,Tom,Fir,Start-1234,',
    ),
    'roles.csv': lines('userSourcedId,orgSourcedId,role', 'vp1,vs1,student', 'vt1,vs1,teacher'),
    'demographics.csv': lines('userSourcedId,sex,birthDate,birthCity', 'vp1,female,2015-01-01,Rome'),
    'courses.csv': lines('sourcedId,orgSourcedId,title,code,grade', 'vc1,vs1,Biology,B,05'),
    'academicSessions.csv': lines(
      'sourcedId,title,type,schoolYear,startDate,endDate',
      'vy1,Year,schoolYear,2027,2026-08-01,2027-07-31',
    ),
    'classes.csv': lines(
      'sourcedId,orgSourcedId,title,sessionSourcedIds,courseSourcedId',
      'vk1,vs1,7b,vy1,vc1',
    ),
    'enrollments.csv': lines('classSourcedId,userSourcedId,role', 'vk1,vp1,student', 'vk1,vt1,teacher'),
  });
  const person = 'SIS ID,School SIS ID,First Name,Last Name,Username,Password';
  const v1 = {
    'School.csv': lines('SIS ID,Name', 'vs1,North'),
    'Section.csv': lines(
      'SIS ID,School SIS ID,Section Name,Term SIS ID,Term Name,Course SIS ID,Course Name',
      'vk1,vs1,7b,vy1,Year,vc1,Biology',
    ),
    'Student.csv': lines(person, 'vp1,vs1,Ann,Fir,vp1,Start-1234'),
    'Teacher.csv': lines(person, 'vt1,vs1,Tom,Fir,vt1,Start-1234'),
    'StudentEnrollment.csv': lines('Section SIS ID,SIS ID', 'vk1,vp1'),
    'TeacherRoster.csv': lines('Section SIS ID,SIS ID', 'vk1,vt1'),
  };
  const sync = async (files: Record<string, string>): Promise<void> => {
    const status = await client.sync(profile, files);
    assert.equal(status.status, 'success', status.statusMessage);
  };
  const types = (): Promise<Record<string, unknown>[]> =>
    rollbook.rows(`select o.type as org, s.type as session from org o, academic_session s
      where o.external_id = 'vs1' and s.external_id = 'vy1'`);
  await sync(v21('district'));
  assert.deepEqual(await types(), [{ org: 'district', session: 'schoolYear' }]);
  await sync(v21(''));
  assert.deepEqual(await types(), [{ org: 'school', session: 'schoolYear' }]);
  await sync(v1);
  assert.deepEqual(await types(), [{ org: 'school', session: 'term' }]);
  assert.deepEqual(
    await rollbook.rows(
      `select p.attributes - 'username' as person, d.attributes as demographics, d.sex, k.attributes as course
         from person p join demographics d on d.person_id = p.id, course k
        where p.student_external_id = 'vp1' and k.external_id = 'vc1'`,
    ),
    [{ person: {}, demographics: {}, sex: null, course: {} }],
  );
});
