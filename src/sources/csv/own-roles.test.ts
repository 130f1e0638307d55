/** Roles by the names of an exporter: what they count as is the tenant's word. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CREATE_MAPPING } from '#test/helpers/stage-upload.ts';
import { shown, shownFindings, stageFiles, type StagedFiles } from '#test/helpers/stage-files.ts';
import { GOOD_ONEROSTER, GOOD_V21 } from '#test/helpers/user-faults.ts';

const FILES: Readonly<Record<string, string>> = {
  'manifest.csv': 'propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\n',
  'orgs.csv': 'sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\ns,,,School,school,,\n',
  'academicSessions.csv':
    'sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\ny,,,Year,schoolYear,2026-08-01,2027-07-31,,2027\n',
  'courses.csv':
    'sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes\nc,,,y,Maths,M,09,s,,\n',
  'users.csv':
    'sourcedId,status,dateLastModified,enabledUser,username,givenName,familyName,grades\nu1,,,true,ada,Ada,Elm,9\nu2,,,true,tea,Tea,Oak,\n',
  'roles.csv':
    'sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\nr1,,,u1,primary,student,,,s,\nr2,,,u2,primary,ext:Tutor,,,s,\n',
  'classes.csv':
    'sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\nk,,,Maths A,09,c,,scheduled,,s,y,,,\n',
  'enrollments.csv':
    'sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\ne1,,,k,s,u1,student,,,\n',
};

const rolesOf = ({ items }: StagedFiles): unknown[] =>
  items.filter(({ kind, sourceId }) => kind === 'role' && sourceId === 's/u2').map(({ after }) => after);
const listed = (list: 'staffRoles' | 'studentRoles' | 'otherRoles') => ({
  mapping: { ...CREATE_MAPPING, lists: { [list]: { added: ['ext:tutor'], disabled: [] } } },
});

test('neither of staff nor of students: no account', async () => {
  const staged = await stageFiles(FILES);
  assert.deepEqual(shownFindings(staged.findings).toSorted(), [
    'ENUM_EXTENSION roles.csv:3 role (information)',
    'USER_WITHOUT_ROLE users.csv:3 sourcedId (information)',
  ]);
  assert.deepEqual(rolesOf(staged), []);
});

test('of staff, or of students, when the tenant says so; the name stays', async () => {
  for (const [list, role] of [
    ['staffRoles', 'teacher'],
    ['studentRoles', 'student'],
  ] as const) {
    const staged = await stageFiles(FILES, listed(list));
    assert.deepEqual(shownFindings(staged.findings), []);
    const [given, ...others] = rolesOf(staged) as Record<string, unknown>[];
    assert.deepEqual([given?.['role'], given?.['roleName'], others], [role, 'ext:tutor', []]);
    assert.ok(staged.items.some(({ kind, sourceId }) => kind === role && sourceId === 'u2'));
  }
});

const changed = (files: Readonly<Record<string, string>>, name: string, from: string, to: string) => {
  assert.ok(files[name]?.includes(from));
  return { ...files, [name]: String(files[name]).replace(from, to) };
};

test('of neither, of who has an account by another role: it is kept with its name', async () => {
  for (const [row, roleName] of [
    ['u2,s,other,,,\n', undefined],
    ['u2,s,parent,,,\n', 'parent'],
    ['u1,s,doctor,,,\n', 'doctor'],
  ] as const) {
    const files = { ...GOOD_V21, 'roles.csv': `${GOOD_V21['roles.csv']}${row}` };
    const staged = await stageFiles(files);
    assert.deepEqual(shownFindings(staged.findings), []);
    const others = staged.items
      .filter(({ kind }) => kind === 'role')
      .map(({ after }) => after as Record<string, unknown>)
      .filter(({ role }) => role === 'other');
    assert.deepEqual(
      others.map((record) => record['roleName']),
      [roleName],
    );
    assert.equal((await stageFiles(files, { after: staged })).result.itemCount, 0);
    assert.deepEqual(shown((await stageFiles(GOOD_V21, { after: staged })).items).length, 1, 'it ends');
  }
});

test('of neither, of nobody in users.csv: an error, as with any other role', async () => {
  const { findings } = await stageFiles({
    ...GOOD_V21,
    'roles.csv': `${GOOD_V21['roles.csv']}u9,s,other,,,\n`,
  });
  assert.deepEqual(shownFindings(findings), ['REFERENCE_NOT_FOUND roles.csv:4 userSourcedId (error)']);
});

/** Another student, so that the files are not empty of students afterwards. */
const TWO_STUDENTS = {
  ...FILES,
  'users.csv': `${FILES['users.csv']}u3,,,true,bo,Bo,Ash,9\n`,
  'roles.csv': `${FILES['roles.csv']}r3,,,u3,primary,student,,,s,\n`,
  'enrollments.csv': `${FILES['enrollments.csv']}e3,,,k,s,u3,student,,,\n`,
};
const RENAMED = [
  ['OneRoster 1.1', GOOD_ONEROSTER, [['users.csv', 's,student,ada', 's,ext:Pupil,ada']], []],
  ['OneRoster 1.2', TWO_STUDENTS, [['roles.csv', 'u1,primary,student', 'u1,primary,ext:Pupil']], []],
  [
    'OneRoster 1.2, in the class, too',
    TWO_STUDENTS,
    [
      ['roles.csv', 'u1,primary,student', 'u1,primary,ext:Pupil'],
      ['enrollments.csv', 'u1,student', 'u1,ext:Pupil'],
    ],
    ['enrollment'],
  ],
] as const;
for (const [name, base, changes, alsoEnds] of RENAMED) {
  const renamed = changes.reduce<Readonly<Record<string, string>>>(
    (files, [file, from, to]) => changed(files, file, from, to),
    base,
  );
  const ended = ({ items }: StagedFiles): string[] =>
    items
      .filter(({ action }) => action === 'end')
      .map(({ kind }) => kind)
      .toSorted();

  test(`${name}: an exporter gives students another role: they stay until somebody says what it is`, async () => {
    const before = await stageFiles(base);
    const staged = await stageFiles(renamed, { after: before });
    assert.ok(shownFindings(staged.findings).some((line) => line.startsWith('ROLE_UNDECIDED users.csv:2')));
    assert.ok(!staged.findings.some(({ severity }) => severity === 'error'));
    assert.deepEqual(
      shown(staged.items),
      ['create role s/u1'],
      'the role by its new name, beside what was there',
    );
    assert.equal((await stageFiles(renamed, { after: staged })).result.itemCount, 0);
  });

  test(`${name}: once it is said that it is neither, they end; of students, they go on under that name`, async () => {
    const before = await stageFiles(renamed, { after: await stageFiles(base) });
    const neither = (list: 'otherRoles' | 'studentRoles') => ({
      mapping: { ...CREATE_MAPPING, lists: { [list]: { added: ['ext:pupil'], disabled: [] } } },
      after: before,
    });
    const other = await stageFiles(renamed, neither('otherRoles'));
    // A place that the files name still, and cannot be right, waits.
    assert.deepEqual(ended(other), [...alsoEnds, 'role', 'role', 'student']);
    const student = await stageFiles(renamed, neither('studentRoles'));
    assert.ok(!ended(student).includes('student'));
    assert.ok(
      student.items.some(({ after }) => (after as { roleName?: string } | null)?.roleName === 'ext:pupil'),
    );
  });
}
