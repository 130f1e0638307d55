/** Who is a student and staff has one account: whose rule makes or matches it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

type Files = Readonly<Record<string, string>>;

/** One user, with these roles: `role,isPrimary` each. */
function roster(roles: readonly string[], username = 'ada', more = ''): Files {
  return {
    'orgs.csv': 'sourcedId,name,type,parentSourcedId\ns1,North School,school,\n',
    'users.csv': `sourcedId,username,givenName,familyName,password,userNumber\nu1,${username},Ada,Alder,Start-1234,77\nu2,ben,Ben,Birch,Start-1234,78\n`,
    'roles.csv': `userSourcedId,orgSourcedId,role,isPrimary\n${roles.map((role) => `u1,s1,${role}\n`).join('')}u2,s1,student,\n${more}`,
  };
}

const ADA = `select p.primary_role as role, p.student_external_id as student, p.teacher_external_id as teacher, a.user_name as account, a.licenses
  from person p join account a on a.person_id = p.id where p.given_name = 'Ada'`;
const LICENSES = [
  { appliesTo: 'student', skuIds: ['sku-students'] },
  { appliesTo: 'teacher', skuIds: ['sku-staff'] },
];
const BOTH = { student: 'u1', teacher: 'u1' };
const AS_STUDENT = {
  role: 'student',
  ...BOTH,
  account: 'ada@students.contoso.example',
  licenses: ['sku-students'],
};
const AS_STAFF = { role: 'teacher', ...BOTH, account: 'ada@contoso.example', licenses: ['sku-staff'] };

async function withRollbook(
  work: (rollbook: TestRollbook, client: SyncClient) => Promise<void>,
): Promise<void> {
  const rollbook = await startTestRollbook();
  try {
    await work(rollbook, syncClient(rollbook));
  } finally {
    await rollbook.stop();
  }
}

for (const [name, roles, expected] of [
  ['the student is primary', ['student,TRUE', 'aide,false'], AS_STUDENT],
  ['the student is primary, whatever the order', ['aide,', 'student,true'], AS_STUDENT],
  ['staff is primary', ['student,false', 'aide,true'], AS_STAFF],
  ['both are primary', ['student,true', 'aide,true'], AS_STAFF],
  ['none is primary', ['student,', 'aide,'], AS_STAFF],
  [
    'one of two roles of staff is primary, and the student',
    ['student,true', 'aide,false', 'coach,true'],
    AS_STAFF,
  ],
] as const) {
  test(`new as both: ${name}`, async () => {
    await withRollbook(async (rollbook, client) => {
      const profile = await client.createProfile({ more: { licensesToAssign: LICENSES } });
      const status = await client.sync(profile, roster(roles));
      assert.equal(status.status, 'success', status.statusMessage);
      assert.deepEqual(await rollbook.rows(ADA), [expected]);
      const { value } = await client.ok<{ value: { primaryRole: string }[] }>(
        'GET',
        `/v1.0/education/users?$filter=givenName eq 'Ada'`,
      );
      assert.deepEqual(
        value.map(({ primaryRole }) => primaryRole),
        [expected.role],
      );
    });
  });
}

test('another primary role changes what the person is, and not the account; the next user name goes by its rule', async () => {
  await withRollbook(async (rollbook, client) => {
    const profile = await client.createProfile({ more: { licensesToAssign: LICENSES } });
    const account = { account: AS_STUDENT.account, licenses: AS_STUDENT.licenses };
    const sync = async (files: Files, expected: Record<string, unknown>): Promise<void> => {
      const status = await client.sync(profile, files);
      assert.equal(status.status, 'success', status.statusMessage);
      assert.deepEqual(await rollbook.rows(ADA), [{ ...BOTH, ...account, ...expected }]);
    };
    await sync(roster(['student,true']), { role: 'student', teacher: null });
    await sync(roster(['student,true', 'aide,false']), { role: 'student' });
    await sync(roster(['student,false', 'aide,true']), { role: 'teacher' });
    await sync(roster(['student,true', 'aide,false']), { role: 'student' });
    // A row of roles that cannot be read decides nothing.
    const doubtful = await client.sync(
      profile,
      roster(['student,true', 'aide,false'], 'ada', 'u1,s1,wizard,true\n'),
    );
    assert.equal(doubtful.status, 'error');
    assert.equal((await rollbook.rows(ADA))[0]?.['role'], 'student');
    await sync(roster(['student,false', 'aide,true']), { role: 'teacher' });
    await sync(roster(['student,false', 'aide,true'], 'ada.alder'), {
      role: 'teacher',
      account: 'ada.alder@contoso.example',
    });
    await sync(roster(['student,true'], 'ada.alder'), {
      role: 'student',
      teacher: null,
      account: 'ada.alder@contoso.example',
    });
  });
});

test('the grades of who is both follow the source, one or several, whoever of both was there first', async () => {
  const HEAD = 'sourcedId,status,dateLastModified';
  const withGrades = (roles: readonly string[], grades: string): Files => ({
    'academicSessions.csv': `${HEAD},title,type,startDate,endDate,parentSourcedId,schoolYear\n`,
    'courses.csv': `${HEAD},schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes\n`,
    'classes.csv': `${HEAD},title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n`,
    'enrollments.csv': `${HEAD},classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n`,
    'orgs.csv': `${HEAD},name,type,identifier,parentSourcedId\ns1,,,North School,school,,\n`,
    'users.csv': `${HEAD},enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\nu1,,,true,ada,,Ada,Alder,,,,,,,"${grades}",Start-1234\n`,
    'roles.csv': `${HEAD},userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\n${roles.map((role, place) => `r${place},,,u1,${role},,,s1,\n`).join('')}`,
  });
  for (const both of [
    ['primary,student', 'secondary,aide'],
    ['secondary,student', 'primary,aide'],
  ])
    await withRollbook(async (rollbook, client) => {
      const profile = await client.createProfile();
      for (const [roles, grades, expected] of [
        [['primary,student'], '09', { grade: '09', grades: null }],
        [both, '09', { grade: '09', grades: '09' }],
        [both, '10', { grade: '10', grades: '10' }],
        [both, '10,11', { grade: '10', grades: '10,11' }],
        [both, '11', { grade: '11', grades: '11' }],
        [['primary,student'], '12', { grade: '12', grades: null }],
      ] as const) {
        const status = await client.sync(profile, withGrades(roles, grades));
        assert.equal(status.status, 'success', status.statusMessage);
        const rows = await rollbook.rows(
          `select grade, attributes ->> 'grades' as grades from person where given_name = 'Ada'`,
        );
        assert.deepEqual(rows, [expected], `${roles.join(' ')}: ${grades}`);
      }
    });
});

test('matched as both: by the rule of the primary role, in one run', async () => {
  await withRollbook(async (rollbook, client) => {
    await client.ok('POST', '/api/v1/users/import', [
      { userPrincipalName: 'pupil@contoso.example', mailNickname: 'ada', givenName: 'Pupil' },
      { userPrincipalName: 'staff@contoso.example', employeeId: '77', givenName: 'Staff' },
      { userPrincipalName: 'ben@contoso.example', mailNickname: 'ben', givenName: 'Ben' },
    ]);
    for (const [roles, matched, role] of [
      [['student,true', 'aide,false'], 'Pupil', 'student'],
      [['student,true', 'aide,true'], 'Staff', 'teacher'],
    ] as const) {
      const profile = await client.createProfile({
        displayName: `Matches ${matched}`,
        more: {
          identitySynchronizationConfiguration: {
            '@odata.type': '#microsoft.graph.educationIdentityMatchingConfiguration',
            matchingOptions: [
              { appliesTo: 'student', sourcePropertyName: 'username', targetPropertyName: 'mailNickname' },
              { appliesTo: 'teacher', sourcePropertyName: 'userNumber', targetPropertyName: 'employeeId' },
            ],
          },
        },
      });
      const status = await client.sync(profile, roster(roles));
      assert.equal(status.status, 'success', status.statusMessage);
      assert.deepEqual(
        await rollbook.rows(
          `select distinct p.given_name as who, p.primary_role as role, count(*)::int as links from link l join person p on p.id = l.object_id
            where l.source_id = 'u1' and l.source_system_id = (select source_system_id from profile where id = $1) group by 1, 2`,
          [profile],
        ),
        [{ who: matched, role, links: 2 }],
      );
    }
  });
});
