/** Roles by the names of an exporter: what they count as is the tenant's word. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CREATE_MAPPING } from '#test/helpers/stage-upload.ts';
import { shownFindings, stageFiles, type StagedFiles } from '#test/helpers/stage-files.ts';

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
const listed = (list: 'staffRoles' | 'studentRoles') => ({
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
