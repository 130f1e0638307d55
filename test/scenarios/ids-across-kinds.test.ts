/** From a format in which students and teachers have ids of their own to one with an id for each user: who is the same person. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { type ProfileOptions, type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

type Files = Readonly<Record<string, string>>;
type Row = readonly [id: string, username: string, given: string];

const person = ([id, username, given]: Row): string => `${id},s1,${given},Fir,${username},Start-1234`;
const lines = (header: string, rows: readonly string[]): string => `${[header, ...rows].join('\n')}\n`;

/** SDS V1: everybody in the one class. */
function v1(students: readonly Row[], teachers: readonly Row[]): Files {
  const columns = 'SIS ID,School SIS ID,First Name,Last Name,Username,Password';
  const members = (rows: readonly Row[]): string[] => rows.map(([id]) => `k1,${id}`);
  return {
    'School.csv': 'SIS ID,Name\ns1,North School\n',
    'Section.csv': 'SIS ID,School SIS ID,Section Name\nk1,s1,Biology\n',
    'Student.csv': lines(columns, students.map(person)),
    'Teacher.csv': lines(columns, teachers.map(person)),
    'StudentEnrollment.csv': lines('Section SIS ID,SIS ID', members(students)),
    'TeacherRoster.csv': lines('Section SIS ID,SIS ID', members(teachers)),
  };
}

/** SDS V2.1: each user with roles in the school, and in the class as the first of them. */
function v21(users: readonly (readonly [...Row, ...roles: string[]])[]): Files {
  return {
    'orgs.csv': 'sourcedId,name,type,parentSourcedId\ns1,North School,school,\n',
    'users.csv': lines(
      'sourcedId,username,givenName,familyName,password',
      users.map(([id, username, given]) => `${id},${username},${given},Fir,Start-1234`),
    ),
    'roles.csv': lines(
      'userSourcedId,orgSourcedId,role',
      users.flatMap(([id, , , ...roles]) => roles.map((role) => `${id},s1,${role}`)),
    ),
    'classes.csv': 'sourcedId,orgSourcedId,title\nk1,s1,Biology\n',
    'enrollments.csv': lines(
      'classSourcedId,userSourcedId,role',
      users.map(([id, , , role]) => `k1,${id},${String(role)}`),
    ),
  };
}

const ANNA = ['100', 'anna', 'Anna'] as const;
const CORA = ['101', 'cora', 'Cora'] as const;
const TOM = ['T1', 'tom', 'Tom'] as const;
const CORA_NOW = ['101', 'cora@students.contoso.example', 'Cora', 'student'] as const;
const TOM_NOW = ['T1', 'tom@contoso.example', 'Tom', 'teacher'] as const;
/** The id of Anna; somebody else. */
const BERT = ['100', 'bert@contoso.example', 'Bert', 'teacher'] as const;

const PEOPLE = `select p.given_name as who, p.primary_role as role, p.student_external_id as student, p.teacher_external_id as teacher, p.active,
    a.user_name as account, a.enabled, (select count(*)::int from enrollment e where e.person_id = p.id and e.active) as places
  from person p join account a on a.person_id = p.id order by p.given_name, p.active`;
const ANNA_WAS = {
  who: 'Anna',
  role: 'student',
  student: '100',
  teacher: null,
  active: false,
  account: 'anna@students.contoso.example',
  enabled: false,
  places: 0,
};
const BERT_IS = {
  who: 'Bert',
  role: 'teacher',
  student: null,
  teacher: '100',
  active: true,
  account: 'bert@contoso.example',
  enabled: true,
  places: 1,
};

interface Context {
  readonly rollbook: TestRollbook;
  readonly client: SyncClient;
  readonly profile: string;
  /** Syncs, and checks the status. @returns the people whose names are given. */
  readonly sync: (files: Files, status: string, ...names: string[]) => Promise<Record<string, unknown>[]>;
  readonly errors: () => Promise<Record<string, unknown>[]>;
}

async function withProfile(
  work: (context: Context) => Promise<void>,
  options: ProfileOptions = {},
): Promise<void> {
  const rollbook = await startTestRollbook();
  try {
    const client = syncClient(rollbook);
    const profile = await client.createProfile({ displayName: 'Changes its format', ...options });
    await work({
      rollbook,
      client,
      profile,
      async sync(files, status, ...names) {
        const answer = await client.sync(profile, files);
        assert.equal(answer.status, status, answer.statusMessage);
        const people = await rollbook.rows(PEOPLE);
        return people.filter(({ who }) => names.includes(String(who)));
      },
      errors: () => client.all(`/beta/education/synchronizationProfiles/${profile}/errors`),
    });
  } finally {
    await rollbook.stop();
  }
}

test('a new teacher with the id of a former pupil is nobody until somebody says who: then somebody else', async () => {
  await withProfile(async ({ client, profile, sync, errors }) => {
    await sync(v1([ANNA, CORA], [TOM]), 'success');
    await sync(v1([CORA], [TOM]), 'success');
    const files = v21([CORA_NOW, TOM_NOW, BERT]);
    assert.deepEqual(await sync(files, 'error', 'Anna', 'Bert'), [ANNA_WAS]);
    const [error, ...others] = await errors();
    assert.deepEqual(others, []);
    assert.equal(error?.['errorCode'], 'AmbiguousUserId');
    assert.equal(error['entryType'], 'Teacher');
    assert.equal(error['reportableIdentifier'], '100');
    assert.match(
      String(error['errorMessage']),
      /a student had the id of this teacher \(user name anna@students\.contoso\.example\).*idsAcrossKinds/u,
    );
    // The next roster changes nothing about it.
    assert.deepEqual(await sync(files, 'error', 'Anna', 'Bert'), [ANNA_WAS]);
    await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, { idsAcrossKinds: 'differentPeople' });
    assert.deepEqual(await sync(files, 'success', 'Anna', 'Bert'), [ANNA_WAS, BERT_IS]);
    // And what is his does not become hers when he is a student, too.
    const both = v21([CORA_NOW, TOM_NOW, [...BERT, 'student']]);
    assert.deepEqual(await sync(both, 'error', 'Anna', 'Bert'), [ANNA_WAS, BERT_IS]);
    assert.deepEqual(
      (await errors()).map(({ entryType, errorCode }) => [entryType, errorCode]),
      [['Student', 'AmbiguousUserId']],
    );
  });
});

test('a pupil of the roster before the format changes is as safe as a former one', async () => {
  await withProfile(async ({ sync, errors }) => {
    await sync(v1([ANNA, CORA], [TOM]), 'success');
    const files = v21([CORA_NOW, TOM_NOW, BERT]);
    for (let round = 0; round < 2; round += 1) {
      assert.deepEqual(await sync(files, 'error', 'Anna', 'Bert'), [ANNA_WAS]);
      assert.deepEqual(
        (await errors()).map(({ errorCode }) => errorCode),
        ['AmbiguousUserId'],
      );
    }
  });
});

test('a new pupil with the id of a former teacher is not that teacher', async () => {
  await withProfile(async ({ sync }) => {
    await sync(v1([CORA], [TOM, ['102', 'otto', 'Otto']]), 'success');
    const nora = ['102', 'nora@students.contoso.example', 'Nora', 'student'] as const;
    const [otto, ...others] = await sync(v21([CORA_NOW, TOM_NOW, nora]), 'error', 'Otto', 'Nora');
    assert.deepEqual(others, []);
    assert.deepEqual([otto?.['active'], otto?.['student']], [false, null]);
  });
});

test('who has the account of the former pupil is that pupil; and so is everybody if somebody says so', async () => {
  const joined = { ...ANNA_WAS, role: 'teacher', teacher: '100', student: null, active: true, enabled: true };
  for (const [files, setting] of [
    [v21([CORA_NOW, TOM_NOW, ['100', 'ANNA@students.contoso.example', 'Anna', 'teacher']]), 'ask'],
    [v21([CORA_NOW, TOM_NOW, ['100', 'anna.fir@contoso.example', 'Anna', 'teacher']]), 'samePerson'],
  ] as const) {
    await withProfile(async ({ client, profile, sync }) => {
      await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, { idsAcrossKinds: setting });
      await sync(v1([ANNA, CORA], [TOM]), 'success');
      assert.deepEqual(await sync(files, 'success', 'Anna'), [{ ...joined, places: 1 }]);
    });
  }
});

test('once a roster with one id for each user had the pupil, a pupil who becomes staff stays one person', async () => {
  await withProfile(async ({ sync }) => {
    await sync(v1([ANNA, CORA], [TOM]), 'success');
    const anna = ['100', 'anna@students.contoso.example', 'Anna'] as const;
    await sync(v21([CORA_NOW, TOM_NOW, [...anna, 'student']]), 'success');
    // Gone for a year, and back as staff, under another name.
    await sync(v21([CORA_NOW, TOM_NOW]), 'success');
    const staff = ['100', 'anna.fir@contoso.example', 'Anna', 'aide'] as const;
    const people = await sync(v21([CORA_NOW, TOM_NOW, staff]), 'success', 'Anna');
    assert.deepEqual(
      people.map(({ role, active, teacher }) => [role, active, teacher]),
      [['teacher', true, '100']],
    );
  });
});

test('the first roster with one id for each user has the pupil as both: one person at once', async () => {
  for (const name of ['anna@students.contoso.example', 'anna.fir@contoso.example'])
    await withProfile(async ({ sync }) => {
      await sync(v1([ANNA, CORA], [TOM]), 'success');
      const both = ['100', name, 'Anna', 'student', 'aide'] as const;
      const people = await sync(v21([CORA_NOW, TOM_NOW, both]), 'success', 'Anna');
      assert.deepEqual(
        people.map(({ role, student, teacher }) => [role, student, teacher]),
        [['teacher', '100', '100']],
      );
    });
});

test('a pupil and a teacher with one id, and one user with it: nobody gets what is the other', async () => {
  await withProfile(async ({ sync, errors }) => {
    await sync(v1([ANNA, CORA], [TOM, ['100', 'bert', 'Bert']]), 'success');
    const before = { ...ANNA_WAS, active: true, enabled: true };
    // By the account it is he. What the files say of the user as a student is about him, and not hers to get.
    const both = v21([CORA_NOW, TOM_NOW, [...BERT, 'student']]);
    assert.deepEqual(await sync(both, 'error', 'Anna', 'Bert'), [before, BERT_IS]);
    assert.deepEqual(
      (await errors()).map(({ entryType, errorCode }) => [entryType, errorCode]),
      [['Student', 'AmbiguousUserId']],
    );
    // Nor when he is a student alone: the id was his in a roster that has one for each user.
    const [id, name, given] = BERT;
    const pupil = v21([CORA_NOW, TOM_NOW, [id, name, given, 'student']]);
    assert.deepEqual(await sync(pupil, 'error', 'Anna'), [before]);
    assert.deepEqual(await sync(v21([CORA_NOW, TOM_NOW, BERT]), 'success', 'Anna', 'Bert'), [
      ANNA_WAS,
      BERT_IS,
    ]);
  });
});

test('a former pupil and a teacher had the id, and a pupil has it now: neither is that one', async () => {
  await withProfile(async ({ sync, errors }) => {
    const bert = ['100', 'bert', 'Bert'] as const;
    await sync(v1([ANNA, CORA], [TOM, bert]), 'success');
    await sync(v1([CORA], [TOM, bert]), 'success');
    const carl = ['100', 'carl@students.contoso.example', 'Carl', 'student'] as const;
    const people = await sync(v21([CORA_NOW, TOM_NOW, carl]), 'error', 'Anna', 'Bert', 'Carl');
    assert.deepEqual(people, [ANNA_WAS, { ...BERT_IS, active: false, enabled: false, places: 0 }]);
    assert.deepEqual(
      (await errors()).map(({ entryType, errorCode }) => [entryType, errorCode]),
      [['Student', 'AmbiguousUserId']],
    );
  });
});

test('where people are matched with accounts, the account says who it is', async () => {
  await withProfile(
    async ({ client, profile, sync, errors }) => {
      await client.ok(
        'POST',
        '/api/v1/users/import',
        ['Anna', 'Cora', 'Tom', 'Bert'].map((givenName) => ({
          userPrincipalName: `${givenName.toLowerCase()}@contoso.example`,
          givenName,
        })),
      );
      await sync(v1([ANNA, CORA], [TOM]), 'success');
      await client.ok('PATCH', `/beta/education/synchronizationProfiles/${profile}`, {
        identitySynchronizationConfiguration: {
          '@odata.type': '#microsoft.graph.educationIdentityMatchingConfiguration',
          matchingOptions: ['student', 'teacher'].map((appliesTo) => ({
            appliesTo,
            sourcePropertyName: 'username',
            targetPropertyName: 'userPrincipalName',
            targetDomain: 'contoso.example',
          })),
        },
      });
      await client.provisioned(profile);
      const now = (...rows: readonly (readonly [...Row, ...string[]])[]): Files =>
        v21([['101', 'cora', 'Cora', 'student'], ['T1', 'tom', 'Tom', 'teacher'], ...rows]);
      assert.deepEqual(
        (await sync(now(['100', 'bert', 'Bert', 'teacher']), 'success', 'Anna', 'Bert')).map(
          ({ who, student, teacher }) => [who, student, teacher],
        ),
        [
          ['Anna', '100', null],
          ['Bert', null, '100'],
        ],
      );
      assert.deepEqual(await errors(), []);
    },
    { match: { property: 'userPrincipalName', source: 'Username', domain: 'contoso.example' } },
  );
});
