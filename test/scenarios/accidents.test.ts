/**
 * The accidents that syncs of schools are known for, each on a small authority: nothing is lost, the status says what, where and how
 * many, and the next good upload ends as if nothing had happened. Those that concern one school: accidents-in-a-school.test.ts.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import {
  type AuthorityUnderTest,
  authorityUnderTest,
  type Files,
  firstLines,
  renameSections,
} from '#test/helpers/authority-under-test.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const PROFILES = '/beta/education/synchronizationProfiles';

let rollbook: TestRollbook;
let client: SyncClient;
let authority: AuthorityUnderTest;
before(async () => {
  rollbook = await startTestRollbook({ retryDelaySeconds: 0.05 });
  client = syncClient(rollbook);
  authority = await authorityUnderTest(rollbook, client, 'aa-');
});
after(() => rollbook.stop());

interface Stop {
  /** What `start` answers: 400 when the files alone stop the run. */
  readonly started: 200 | 400;
  readonly says: readonly RegExp[];
}

/** The upload stops, changes nothing, and says why. @returns the id of the run. */
async function assertStops(files: Files, { started, says }: Stop): Promise<string> {
  const directory = await authority.dump();
  const answer = await authority.send(files);
  assert.equal(answer.started, started, answer.statusMessage);
  assert.equal(answer.status, 'validationError', answer.statusMessage);
  for (const text of says) assert.match(answer.statusMessage, text);
  assert.deepEqual(await authority.dump(), directory, 'nothing is lost, nothing half done');
  return (await client.latestRun(authority.profile)).id;
}

async function assertPlainResumeRefused(): Promise<void> {
  const { status, body } = await client.call('POST', `${PROFILES}/${authority.profile}/resume`);
  assert.equal(status, 409, JSON.stringify(body));
}

test('a file that ends in the middle of a row stops the sync, and resume does not help', async () => {
  const files = authority.files();
  const text = String(files['StudentEnrollment.csv']);
  files['StudentEnrollment.csv'] = text.slice(0, text.indexOf('aa-S5') + 3);
  await assertStops(files, { started: 400, says: [/^Studentenrollment\.csv cannot be used/u] });
  await assertPlainResumeRefused();
  await authority.correct();
});

test('a file that ends between two rows: the schools of its end wait, and their part is rejected', async () => {
  const files = authority.files();
  const rows = authority.roster.studentenrollment.length;
  files['StudentEnrollment.csv'] = firstLines(files['StudentEnrollment.csv'], 1 + Math.floor(rows * 0.7));
  const directory = await authority.dump();
  await assertStops(files, {
    started: 200,
    says: [
      /School aa-S6 \(Falfield School\): \d+ of 312 enrollments would end; the limit is 78/u,
      /school aa-S7 \(Grenfield School\): 153 of 171 enrollments would end; the limit is 60/u,
      /studentenrollment\.csv has 1104 rows where 1578 records were known/u,
    ],
  });
  await authority.reject('The export was cut off');
  assert.deepEqual(await authority.dump(), directory);
  await authority.correct();
});

test('pupils and enrollments end between two rows, consistently: the schools of the end wait', async () => {
  const files = authority.files((roster) => {
    roster.student.length = 480;
    const kept = new Set(roster.student.map((row) => row['SIS ID']));
    const rows = roster.studentenrollment.filter((row) => kept.has(row['SIS ID']));
    roster.studentenrollment.splice(0, Infinity, ...rows);
  });
  await assertStops(files, {
    started: 200,
    says: [/school aa-S7 \(Grenfield School\): 46 of 51 students would end; the limit is 15/iu],
  });
  await authority.correct();
});

test('each of the six files is missed when it is not there, by its name', async () => {
  const directory = await authority.dump();
  for (const missing of Object.keys(authority.files())) {
    const files = authority.files();
    delete files[missing];
    await client.upload(authority.profile, files);
    assert.equal((await client.start(authority.profile)).status, 400, missing);
    const { status, statusMessage } = await client.status(authority.profile);
    assert.equal(status, 'validationError');
    assert.ok(statusMessage.toLowerCase().startsWith(`${missing.toLowerCase()} had records`), statusMessage);
  }
  await assertPlainResumeRefused();
  assert.deepEqual(await authority.dump(), directory);
  await authority.correct();
});

test('all files have their header alone: each has to be confirmed by name', async () => {
  const files = Object.entries(authority.files()).map(([name, text]) => [name, firstLines(text, 1)]);
  await assertStops(Object.fromEntries(files) as Files, {
    started: 400,
    says: [
      /school\.csv, section\.csv, student\.csv.* had records and are missing or empty now/iu,
      /confirmEmptyFiles/u,
    ],
  });
  await assertPlainResumeRefused();
  await authority.correct();
});

test('all rows are there twice: nothing changes', async () => {
  const directory = await authority.dump();
  const answer = await authority.send(
    authority.files((roster) => {
      for (const rows of Object.values(roster) as object[][]) rows.push(...structuredClone(rows));
    }),
  );
  assert.equal(answer.status, 'success', answer.statusMessage);
  assert.deepEqual(await authority.dump(), directory);
});

test('all pupils are there a second time under new ids: with their user names they are errors, with others the plan waits', async () => {
  const directory = await authority.dump();
  const doubled = (suffix: string): Files =>
    authority.files((roster) => {
      for (const row of structuredClone(roster.student))
        roster.student.push({
          ...row,
          'SIS ID': `${row['SIS ID']}n`,
          Username: `${row['Username']}${suffix}`,
        });
    });
  const sameNames = await authority.send(doubled(''));
  // So many that could not be written are more than bad luck: the profile is in quarantine until a run goes well.
  assert.equal(sameNames.status, 'quarantined', sameNames.statusMessage);
  assert.equal(sameNames.errorCount, 526);
  assert.deepEqual(await authority.dump(), directory, 'whoever has a user name keeps it');
  assert.equal(
    (await authority.send(authority.files())).status,
    'success',
    'and leaves it with the right files',
  );
  await assertStops(doubled('n'), {
    started: 200,
    says: [
      /^7 of 7 schools would change beyond their limits/u,
      /school aa-S1 \(Alfield School\): 40 students would be new, beside 40; the limit is 30/u,
    ],
  });
  await authority.reject('Exported twice');
  assert.deepEqual(await authority.dump(), directory);
  await authority.correct();
});

test('the classes and enrollments of last year: the whole plan waits', async () => {
  const files = authority.files((roster) => {
    renameSections(roster, 'y25');
    for (const row of roster.section) {
      row['Term SIS ID'] = 'aa-Y2025';
      row['Term Name'] = 'Year 2025';
    }
  });
  await assertStops(files, {
    started: 200,
    says: [
      /^7 of 7 schools would change beyond their limits/u,
      /school aa-S2 \(Brenfield School\): 9 of 9 classes would end.*; and 4 more schools\. Nothing was changed/u,
    ],
  });
  await authority.reject('Last year');
  await authority.correct();
});

test('a typo in the domain: in the user names of all, of the teachers alone, and in the profile', async () => {
  const typo = (role: 'student' | 'teacher'): Files =>
    authority.files((roster) => {
      for (const row of roster[role]) row['Username'] += '@contos.example';
    });
  await assertStops(typo('student'), {
    started: 200,
    says: [
      /^7 of 7 schools/u,
      /school aa-S1 \(Alfield School\): 40 of 40 students would change.*; the limit is 30/u,
    ],
  });
  await assertStops(typo('teacher'), {
    started: 200,
    says: [/^32 of 32 teachers would change; the limit is 25/u],
  });
  const setStudentDomain = async (name: string): Promise<void> => {
    await client.ok('PATCH', `${PROFILES}/${authority.profile}`, {
      identitySynchronizationConfiguration: {
        '@odata.type': '#microsoft.graph.educationIdentityCreationConfiguration',
        userDomains: [
          { appliesTo: 'student', name },
          { appliesTo: 'teacher', name: 'contoso.example' },
        ],
      },
    });
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const { state } = await client.ok<{ state: string }>('GET', `${PROFILES}/${authority.profile}`);
      if (state === 'provisioned') return;
      await wait(25);
    }
    throw new Error('the profile was not provisioned again');
  };
  await setStudentDomain('studets.contoso.example');
  await assertStops(authority.files(), {
    started: 200,
    says: [
      /^7 of 7 schools/u,
      /school aa-S3 \(Corfield School\): 84 of 84 students would change.*; the limit is 63.*; and 4 more schools/u,
    ],
  });
  await setStudentDomain('students.contoso.example');
  await authority.correct();
});

test('swapped columns: first and last name, the two ids of classes, pupils in the file of teachers', async () => {
  const files = authority.files();
  const swapped = (file: string, from: string, to: string): Files => ({
    ...files,
    [file]: String(files[file]).replace(from, to),
  });
  await assertStops(swapped('Student.csv', 'First Name,Last Name', 'Last Name,First Name'), {
    started: 200,
    says: [
      /^7 of 7 schools/u,
      /school aa-S2 \(Brenfield School\): 62 of 62 students would change.*; the limit is 46/u,
    ],
  });
  await assertStops(swapped('Section.csv', 'SIS ID,School SIS ID', 'School SIS ID,SIS ID'), {
    started: 400,
    says: [/^Errors in 75 of 75 rows of section\.csv/u],
  });
  await assertStops(
    authority.files((roster) => {
      for (const [index, row] of roster.teacher.entries())
        row['SIS ID'] = String(roster.student[index]?.['SIS ID']);
    }),
    { started: 400, says: [/^Errors in 150 of 150 rows of teacherroster\.csv/u] },
  );
  // Consistent in both files, so that no reference is broken: other teachers, all at once. Their user names belong to those who would end, so that none of
  // them comes.
  await assertStops(
    authority.files((roster) => {
      const ids = new Map(
        roster.teacher.map((row, index) => [row['SIS ID'], String(roster.student[index]?.['SIS ID'])]),
      );
      for (const row of [...roster.teacher, ...roster.teacherroster])
        row['SIS ID'] = String(ids.get(row['SIS ID']));
    }),
    {
      started: 200,
      says: [
        /^7 of 7 schools/u,
        /school aa-S2 \(Brenfield School\): 9 of 9 classes would go on without a teacher .*; the limit is 4/u,
      ],
    },
  );
  await authority.correct();
});

test('after all these the directory is as if none had happened', () => authority.assertAsIfNothingHappened());
