import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ENDINGS_BAND_START, ITEM_BAND } from '#core/roster/kinds.ts';
import { must } from '#lib/assert.ts';
import type { ShownItem } from '../item-sink.ts';
import { shown, shownFindings, stageFiles } from '#test/helpers/stage-files.ts';
import { CREATE_MAPPING, MATCH_MAPPING } from '#test/helpers/stage-upload.ts';

/** Every column of the format, and the edges that are legal. */
const FILES: Readonly<Record<string, string>> = {
  'School.csv':
    'SIS ID,Name,School Number,School NCES_ID,State ID,Grade Low,Grade High,Principal SIS ID,Principal Name,Principal Secondary Email,Address,City,State,Country,Zip,Phone,Zone\r\n' +
    'A,"Alder ""High"", North",1,n1,WA,9,12,T1,Pat Oak,,1 Elm Street,Contoso,WA,US,98052,555-0100,z\r\n' +
    'B,Birch,,,,,,,,,,,,,,,\r\n',
  'Section.csv':
    'SIS ID,School SIS ID,Section Name,Section Number,Term SIS ID,Term Name,Term StartDate,Term EndDate,Course SIS ID,Course Name,Course Number,Course Description,Course Subject,Periods,Status\r\n' +
    'm1,A,Math 1,101,T1,Autumn,8/1/2026,20270131,C1,Math,M,Numbers,Math,1,Active\r\n' +
    'm2,B,Math 2,102,T1,Autumn,8/1/2026,20270131,C1,Math,M,Numbers,Math,2,Active\r\n' +
    'm3,B,Art,,,Spring,,,,,A9,,,,\r\n' +
    'm4,B,Choir,,,,,,,,,,,,\r\n',
  'Student.csv':
    'SIS ID,School SIS ID,First Name,Last Name,Username,Password,State ID,Secondary Email,Student Number,Middle Name,Grade,Status,Birthdate,Graduation Year,Mailing Address,Mailing City,Residence Zip,Gender,ELL Status,FederalRace\r\n' +
    '7,A,Zoë,Elm,zelm,Pass#1,WA,z@home.example,0007,J,9,Active,4/2/2011,2029,1 Oak,Contoso,98052,F,no,x\r\n' +
    '7,B,Zoë,Elm,zelm,Pass#1,WA,z@home.example,0007,J,9,Active,4/2/2011,2029,1 Oak,Contoso,98052,F,no,x\r\n' +
    '8,A,Ben,Fir,ben@own.example,,,,,,,,,,,,,,,\r\n',
  'Teacher.csv':
    'SIS ID,School SIS ID,First Name,Last Name,Username,Password,State ID,Teacher Number,Status,Middle Name,Secondary Email,Title,Qualification\r\n' +
    '7,A,Tea,Oak,toak,Pass#2,WA,t7,Active,,,Head,PhD\r\n',
  'StudentEnrollment.csv': 'Section SIS ID,SIS ID\r\nm1,7\r\nm2,7\r\n',
  'TeacherRoster.csv': 'Section SIS ID,SIS ID\r\nm1,7\r\n',
};

const find = (items: readonly ShownItem[], kind: string, sourceId: string): ShownItem =>
  must(items.find((item) => item.kind === kind && item.sourceId === sourceId));

test('rows become records; a student and a teacher with one id are two people', async () => {
  const { items, findings, result } = await stageFiles(FILES);
  assert.deepEqual(
    findings.filter(({ severity }) => severity !== 'information'),
    [],
  );
  assert.deepEqual(shown(items), [
    'create academicSession Spring',
    'create academicSession T1',
    'create class m1',
    'create class m2',
    'create class m3',
    'create class m4',
    'create course A9',
    'create course C1',
    'create enrollment m1/7',
    'create enrollment m1/7',
    'create enrollment m2/7',
    'create org A',
    'create org B',
    'create role A/7',
    'create role A/7',
    'create role A/8',
    'create role B/7',
    'create student 7',
    'create student 8',
    'create teacher 7',
  ]);
  assert.equal(new Set(items.map(({ key }) => key)).size, items.length);
  assert.equal(result.itemCount, items.length);
  assert.deepEqual(find(items, 'org', 'A').after, {
    displayName: 'Alder "High", North',
    schoolNumber: '1',
    ncesId: 'n1',
    stateId: 'WA',
    lowestGrade: '9',
    highestGrade: '12',
    principalExternalId: 'T1',
    principalName: 'Pat Oak',
    principalEmail: null,
    street: '1 Elm Street',
    city: 'Contoso',
    state: 'WA',
    country: 'US',
    postalCode: '98052',
    phone: '555-0100',
    zone: 'z',
  });
  assert.deepEqual(find(items, 'class', 'm1').after, {
    displayName: 'Math 1',
    classCode: '101',
    periods: '1',
    status: 'Active',
    mailNickname: 'Section_m1',
  });
  assert.deepEqual(find(items, 'academicSession', 'T1').after, {
    displayName: 'Autumn',
    startDate: '2026-08-01',
    endDate: '2027-01-31',
  });
  assert.deepEqual(find(items, 'course', 'C1').after, {
    displayName: 'Math',
    courseNumber: 'M',
    description: 'Numbers',
    subject: 'Math',
  });
  assert.deepEqual(find(items, 'course', 'A9').after, {
    displayName: 'A9',
    courseNumber: 'A9',
    description: null,
    subject: null,
  });
  assert.deepEqual(find(items, 'student', '7').after, {
    userPrincipalName: 'zelm@students.contoso.example',
    username: 'zelm',
    givenName: 'Zoë',
    middleName: 'J',
    surname: 'Elm',
    number: '0007',
    stateId: 'WA',
    secondaryEmail: 'z@home.example',
    status: 'Active',
    grade: '9',
    birthDate: '2011-04-02',
    graduationYear: '2029',
    mailingAddress: '1 Oak',
    mailingCity: 'Contoso',
    residenceZip: '98052',
    sex: 'F',
    ellStatus: 'no',
    federalRace: 'x',
  });
  assert.deepEqual(find(items, 'teacher', '7').after, {
    userPrincipalName: 'toak@contoso.example',
    username: 'toak',
    givenName: 'Tea',
    middleName: null,
    surname: 'Oak',
    number: 't7',
    stateId: 'WA',
    secondaryEmail: null,
    status: 'Active',
    title: 'Head',
    qualification: 'PhD',
  });
});

test('items point at what they need, in bands, each with its school and its place in the files', async () => {
  const { items } = await stageFiles(FILES);
  const keyOf = (kind: string, id: string): string => find(items, kind, id).key;
  const [m1, m4] = [find(items, 'class', 'm1'), find(items, 'class', 'm4')];
  assert.deepEqual(
    [m1.firstKey, m1.secondKey, m1.thirdKey],
    [keyOf('org', 'A'), keyOf('course', 'C1'), keyOf('academicSession', 'T1')],
  );
  assert.deepEqual([m4.firstKey, m4.secondKey, m4.thirdKey], [keyOf('org', 'B'), null, null]);
  const role = find(items, 'role', 'B/7');
  assert.deepEqual([role.firstKey, role.secondKey], [keyOf('student', '7'), keyOf('org', 'B')]);
  assert.deepEqual(role.after, { role: 'student', grade: '9' });
  const enrollment = find(items, 'enrollment', 'm2/7');
  assert.deepEqual(
    [enrollment.firstKey, enrollment.secondKey],
    [keyOf('class', 'm2'), keyOf('student', '7')],
  );
  assert.deepEqual(enrollment.after, { role: 'student' });
  assert.deepEqual(
    [enrollment.schoolId, enrollment.file, enrollment.line],
    ['B', 'studentenrollment.csv', 3],
  );
  assert.deepEqual([m1.itemNo, m4.itemNo], [3 * ITEM_BAND + 1, 3 * ITEM_BAND + 4]);
  assert.equal(find(items, 'org', 'A').itemNo, 1);
  for (const { objectId, kind, reason } of items) {
    assert.equal(objectId === null, kind === 'role' || kind === 'enrollment');
    assert.equal(reason, 'newInSource');
  }
});

test('initial passwords are sealed for new people alone; none in the file: none', async () => {
  const { items } = await stageFiles(FILES);
  const withSecret = items
    .filter(({ hasSecret }) => hasSecret)
    .map(({ kind, sourceId }) => `${kind} ${sourceId}`);
  assert.deepEqual(withSecret, ['student 7', 'teacher 7']);
});

test('matching: any column, with or without a domain; passwords are not read', async () => {
  const matchBy = (sourceProperty: string, targetDomain: string | null) =>
    stageFiles(FILES, {
      mapping: {
        ...MATCH_MAPPING,
        identity: {
          mode: 'match',
          options: { student: { sourceProperty, targetProperty: 'userPrincipalName', targetDomain } },
        },
      },
    });
  const matched = async (sourceProperty: string, targetDomain: string | null): Promise<unknown[]> => {
    const { items } = await matchBy(sourceProperty, targetDomain);
    return items
      .filter(({ kind }) => kind === 'student')
      .map(({ after }) => (after as { matchValue: unknown }).matchValue);
  };
  assert.deepEqual(await matched('Username', 's.example'), ['zelm@s.example', 'ben@own.example']);
  assert.deepEqual(await matched('Student Number', null), ['0007', '']);
  const { items } = await matchBy('Username', null);
  assert.equal(
    items.some(({ hasSecret }) => hasSecret),
    false,
  );
  assert.equal('userPrincipalName' in (find(items, 'student', '7').after as object), false);
  assert.equal((find(items, 'teacher', '7').after as { matchValue: string }).matchValue, '');
});

test('only the optional columns that the profile wants, and all that are required', async () => {
  const { items } = await stageFiles(FILES, {
    mapping: {
      ...CREATE_MAPPING,
      optionalProperties: { school: ['grade low'], section: [], student: ['Birth Date'], teacher: null },
    },
  });
  assert.deepEqual(find(items, 'org', 'A').after, { displayName: 'Alder "High", North', lowestGrade: '9' });
  assert.deepEqual(find(items, 'class', 'm1').after, { displayName: 'Math 1', mailNickname: 'Section_m1' });
  assert.deepEqual(find(items, 'student', '7').after, {
    userPrincipalName: 'zelm@students.contoso.example',
    username: 'zelm',
    givenName: 'Zoë',
    surname: 'Elm',
    birthDate: '2011-04-02',
  });
  assert.deepEqual(find(items, 'role', 'A/8').after, { role: 'student' });
  assert.equal(
    items.some(({ kind }) => kind === 'academicSession' || kind === 'course'),
    false,
  );
});

test('characters that the directory does not take are replaced when the profile says so', async () => {
  const {
    'Section.csv': _,
    'Student.csv': __,
    'StudentEnrollment.csv': ___,
    'TeacherRoster.csv': ____,
    ...rest
  } = FILES;
  const replaced = await stageFiles(
    {
      ...rest,
      'section.csv': 'SIS ID,School SIS ID,Section Name\nmä.1,A,Math\n',
      'student.csv': 'SIS ID,School SIS ID,First Name,Last Name,Username\n9,A,Zoë,Elm,zoë+elm\n',
      'studentenrollment.csv': 'Section SIS ID,SIS ID\nmä.1,9\n',
      'teacherroster.csv': 'Section SIS ID,SIS ID\nmä.1,7\n',
    },
    { mapping: { ...CREATE_MAPPING, replaceSpecialCharacters: true } },
  );
  assert.deepEqual(shownFindings(replaced.findings), []);
  assert.deepEqual(find(replaced.items, 'class', 'mä.1').after, {
    displayName: 'Math',
    mailNickname: 'Section_ma_1',
  });
  const { userPrincipalName, username } = find(replaced.items, 'student', '9').after as Record<
    string,
    string
  >;
  assert.deepEqual([userPrincipalName, username], ['zoe_elm@students.contoso.example', 'zoë+elm']);
});

test('endings come after everything, what points before what is pointed at', async () => {
  const before = await stageFiles(FILES);
  const header = (name: string): string => `${must(FILES[name]).split('\r\n')[0]}\r\n`;
  const after = await stageFiles(Object.fromEntries(Object.keys(FILES).map((name) => [name, header(name)])), {
    after: before,
    confirmedFiles: Object.keys(FILES).map((name) => name.toLowerCase()),
  });
  assert.equal(after.result.fatal, false);
  assert.equal(after.items.length, before.items.length);
  const kinds = [...new Set(after.items.toSorted((a, b) => a.itemNo - b.itemNo).map(({ kind }) => kind))];
  assert.deepEqual(kinds, [
    'enrollment',
    'role',
    'teacher',
    'student',
    'class',
    'course',
    'academicSession',
    'org',
  ]);
  for (const item of after.items) {
    assert.ok(item.itemNo > ENDINGS_BAND_START);
    assert.deepEqual(
      [item.action, item.reason, item.content, item.after, item.sourceId],
      ['end', 'absentInSource', null, null, null],
    );
  }
  assert.deepEqual(new Set(after.items.map(({ key }) => key)), new Set(before.items.map(({ key }) => key)));
  assert.equal(after.next.size, 0);
});
