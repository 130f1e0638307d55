/** Classes that go on and lose their last teacher are asked about, few places as they are: docs/adr/0010-limits-of-a-plan.md. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { importAccounts, rosterWithUserNames } from '#test/helpers/accounts.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, type Row } from '#test/helpers/small-roster.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';
import { syncedRoster, type SyncedRoster } from '#test/helpers/synced-roster.ts';

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook({ retryDelaySeconds: 0.05 });
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

/** Two schools with twenty classes each, of which eight may lose their teacher. */
const SIZE = { schools: 2, sections: 20, students: 60 };

const isIn = (row: Row, school: string): boolean => String(row['Section SIS ID']).includes(`-${school}C`);

/** The places of teachers in classes of the first school. */
function placesOf({ roster }: SyncedRoster): Row[] {
  return roster.teacherroster.filter((row) => isIn(row, 'S1'));
}

function removePlaces({ roster }: SyncedRoster, gone: readonly Row[]): void {
  roster.teacherroster.splice(0, Infinity, ...roster.teacherroster.filter((row) => !gone.includes(row)));
}

async function taughtClasses(profile: string): Promise<number> {
  const [row] = await rollbook.rows(
    `select count(distinct e.class_id)::integer as classes from enrollment e
       join profile p on p.source_system_id = e.source_system_id
      where p.id = $1 and e.active and e.role = 'teacher'`,
    [profile],
  );
  return Number(row?.['classes']);
}

async function reasonsOf(profile: string): Promise<{ code: string; school?: string; count?: number }[]> {
  const { id } = await client.latestRun(profile);
  const plan = await client.ok<{
    verdict: { reasons: { code: string; school?: string; count?: number }[] };
  }>('GET', `/api/v1/runs/${id}/plan`);
  return plan.verdict.reasons;
}

test("the rows of a school's teachers are missing: it waits alone, and goes on as it was with the next good files", async () => {
  const bench = await syncedRoster(rollbook, SIZE);
  const { profile, roster } = bench;
  const gone = placesOf(bench);
  removePlaces(bench, gone);
  const other = roster.student.find((row) => String(row['School SIS ID']).endsWith('S2'));
  assert.ok(other);
  other['Last Name'] = 'Corrected';
  const status = await client.sync(profile, csvFiles(roster));
  assert.equal(status.status, 'validationError', status.statusMessage);
  assert.match(
    status.statusMessage,
    /^School \S+S1 \(School 1\): 20 of 20 classes would go on without a teacher \(\S+S1C1, \S+S1C10, \S+S1C11, …\), as when rows of teachers are missing; the limit is 8 \(20 changes wait\)\. The rest of the plan was applied\./u,
  );
  const reasons = await reasonsOf(profile);
  assert.deepEqual(
    reasons.map(({ code, count }) => [code, count]),
    [['classesWithoutTeacher', 20]],
  );
  assert.equal(await taughtClasses(profile), 40, 'nobody lost a class');
  roster.teacherroster.push(...gone);
  assert.deepEqual(await bench.sync(), {}, 'the next good files find all as it was');
});

test('it is meant: the approval lets it in, and nobody is asked again', async () => {
  const bench = await syncedRoster(rollbook, SIZE);
  removePlaces(bench, placesOf(bench));
  await client.sync(bench.profile, csvFiles(bench.roster));
  const { id } = await client.latestRun(bench.profile);
  await client.ok('POST', `/api/v1/runs/${id}/approve`, { note: 'Teachers are not named this year' });
  assert.equal((await client.settled(bench.profile)).status, 'success');
  assert.equal(await taughtClasses(bench.profile), 20);
  assert.deepEqual(await bench.sync(), {});
});

test('classes that keep a teacher, or end with theirs, are not asked about', async () => {
  const cases: readonly [name: string, change: (bench: SyncedRoster) => void | Promise<void>][] = [
    [
      'another teacher takes over',
      (bench) => {
        const places = placesOf(bench);
        const teachers = places.map((row) => String(row['SIS ID']));
        for (const [n, row] of places.entries()) row['SIS ID'] = String(teachers[(n + 1) % teachers.length]);
      },
    ],
    [
      'eight lose theirs',
      (bench) => {
        removePlaces(bench, placesOf(bench).slice(0, 8));
      },
    ],
    [
      'eight lose theirs, and two end',
      (bench) => {
        const places = placesOf(bench);
        removePlaces(bench, places.slice(0, 10));
        const ended = new Set(places.slice(8, 10).map((row) => row['Section SIS ID']));
        const { section, studentenrollment } = bench.roster;
        section.splice(0, Infinity, ...section.filter((row) => !ended.has(row['SIS ID'])));
        studentenrollment.splice(
          0,
          Infinity,
          ...studentenrollment.filter((row) => !ended.has(row['Section SIS ID'])),
        );
      },
    ],
    [
      'all lose theirs, and twelve have one that was added by hand',
      async (bench) => {
        const places = placesOf(bench);
        removePlaces(bench, places);
        const byHand = await bench.idOf('teacher', 'S2C1T');
        for (const row of places.slice(0, 12)) {
          const classId = await bench.idOf('class', String(row['Section SIS ID']).replace(/^h\d+-/u, ''));
          await bench.add(`classes/${classId}/teachers`, byHand);
        }
      },
    ],
  ];
  for (const [name, change] of cases) {
    const bench = await syncedRoster(rollbook, SIZE);
    await change(bench);
    const status = await client.sync(bench.profile, csvFiles(bench.roster));
    assert.equal(status.status, 'success', `${name}: ${status.statusMessage}`);
    assert.deepEqual(await reasonsOf(bench.profile), [], name);
  }
});

test('a second teacher who stays is enough', async () => {
  const bench = await syncedRoster(rollbook, SIZE);
  const { roster } = bench;
  const places = placesOf(bench);
  const second = String(roster.teacher.find((row) => String(row['SIS ID']).includes('-S2C1T'))?.['SIS ID']);
  for (const row of places) roster.teacherroster.push({ ...row, 'SIS ID': second });
  await bench.sync();
  removePlaces(bench, places);
  assert.deepEqual(await bench.sync(), { enrollment: { ended: 20 } });
});

test('a teacher who takes over and has no account is none', async () => {
  const roster = rosterWithUserNames(SIZE);
  const stranger = { ...roster.teacher[0], 'SIS ID': 'S1X', Username: 'nobody@accounts.example' };
  await importAccounts(rollbook, [...roster.teacher, ...roster.student]);
  const profile = await client.createProfile({
    displayName: 'Matched',
    match: { property: 'userPrincipalName', source: 'Username' },
  });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  roster.teacher.push(stranger);
  for (const row of roster.teacherroster)
    if (String(row['Section SIS ID']).startsWith('S1C')) row['SIS ID'] = stranger['SIS ID'];
  const status = await client.sync(profile, csvFiles(roster));
  assert.equal(status.status, 'validationError', status.statusMessage);
  assert.match(status.statusMessage, /S1 \(School 1\): 20 of 20 classes would go on without a teacher/u);
  assert.equal(await taughtClasses(profile), 40);
});
