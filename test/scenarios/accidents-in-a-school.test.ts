/** Accidents in one school, which hold that school alone; and the clocks. The others: accidents.test.ts. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { realSystem, type System, uuidv7 } from '#lib/system.ts';
import {
  type AuthorityUnderTest,
  authorityUnderTest,
  ofSchool,
  renameSections,
} from '#test/helpers/authority-under-test.ts';
import { fetchToken } from '#test/helpers/rollbook-process.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import type { SmallRoster } from '#test/helpers/small-roster.ts';
import {
  changesOf,
  type ProfileStatusAnswer,
  type SyncClient,
  syncClient,
} from '#test/helpers/sync-client.ts';

const HOUR_MS = 3_600_000;

/** The clock of the service, which a test sets back. */
let offsetMs = 0;
const now = (): Date => new Date(Date.now() + offsetMs);
const system: System = {
  ...realSystem,
  now,
  newId: () => uuidv7(now().getTime(), realSystem.randomBytes(10)),
};

let rollbook: TestRollbook;
let client: SyncClient;
let token: Promise<string>;
let authority: AuthorityUnderTest;
before(async () => {
  rollbook = await startTestRollbook({ retryDelaySeconds: 0.05, system });
  token = rollbook.token();
  client = syncClient({ baseUrl: rollbook.baseUrl, token: () => token });
  authority = await authorityUnderTest(rollbook, client, 'ab-');
});
after(() => rollbook.stop());

/** The upload holds the school and nothing else; a changed name in another school is let in. @returns the id of the run. */
async function assertHoldsSchool(
  school: string,
  edit: (roster: SmallRoster) => void,
  says: RegExp,
): Promise<string> {
  const before = (await authority.dump()).filter((line) => line.includes(school.replace('ab-', '')));
  const other = authority.roster.student.find((row) => row['School SIS ID'] === 'ab-S6');
  assert.ok(other);
  other['Last Name'] += 'x';
  const answer = await authority.send(authority.files(edit));
  assert.equal(answer.status, 'validationError', answer.statusMessage);
  assert.match(answer.statusMessage, says);
  assert.match(answer.statusMessage, /changes wait\)\. The rest of the plan was applied\./u);
  const { id } = await client.latestRun(authority.profile);
  const { holds } = await client.ok<{ holds: { scope: string; id: string }[] }>(
    'GET',
    `/api/v1/runs/${id}/plan`,
  );
  assert.deepEqual(
    holds.map((hold) => [hold.scope, hold.id]),
    [['school', school]],
  );
  assert.deepEqual(await changesOf(client, authority.profile), { student: { updated: 1 } });
  const lines = (await authority.dump()).filter((line) => line.includes(school.replace('ab-', '')));
  assert.deepEqual(lines, before, 'nothing of the school is touched');
  return id;
}

test('a new calendar renames all classes of a school: it waits alone, for a village as for a town', async () => {
  await assertHoldsSchool(
    'ab-S1',
    (roster) => renameSections(roster, 'new', 'ab-S1'),
    /^School ab-S1 \(Alfield School\): 6 of 6 classes would end; the limit is 3; school ab-S1 \(Alfield School\): 132 of 132 enrollments would end; the limit is 60 \(\d+ changes wait\)/u,
  );
  await authority.correct();
  await assertHoldsSchool(
    'ab-S4',
    (roster) => renameSections(roster, 'new', 'ab-S4'),
    /^School ab-S4 \(Dalfield School\): 15 of 15 classes would end; the limit is 7; .*school ab-S4 \(Dalfield School\): 384 of 384 enrollments would end/u,
  );
  await authority.correct();
});

test('the user names of all pupils of a school change: it waits alone; what is meant is approved, and can be taken back', async () => {
  const rename = (roster: SmallRoster): void => {
    for (const row of roster.student) if (ofSchool(row, 'ab-S2')) row['Username'] = `x${row['Username']}`;
  };
  await assertHoldsSchool(
    'ab-S2',
    rename,
    /62 of 62 students would change.*; the limit is 46 \(62 changes wait\)/u,
  );
  await authority.correct();
  const run = await assertHoldsSchool('ab-S2', rename, /62 of 62 students would change/u);
  await client.ok('POST', `/api/v1/runs/${run}/approve`, { schools: ['ab-S2'], note: 'New naming rule' });
  assert.equal((await client.settled(authority.profile)).status, 'success');
  const [renamed] = await rollbook.rows(
    `select count(*)::int as people from account where user_name like 'xab-s2p%' and enabled`,
  );
  assert.deepEqual(renamed, { people: 62 });
  // Taking it back is as large a change, and asks again.
  const back = await authority.send(authority.files());
  assert.equal(back.status, 'validationError', back.statusMessage);
  assert.match(back.statusMessage, /62 of 62 students would change/u);
  const { id } = await client.latestRun(authority.profile);
  await client.ok('POST', `/api/v1/runs/${id}/approve`, {});
  assert.equal((await client.settled(authority.profile)).status, 'success');
  await authority.correct();
});

test('the pupils and the timetable of a school are there a second time: it waits alone', async () => {
  const doubled = (roster: SmallRoster): void => {
    for (const row of roster.student.filter((own) => ofSchool(own, 'ab-S1')))
      roster.student.push({ ...row, 'SIS ID': `${row['SIS ID']}n`, Username: `${row['Username']}n` });
    for (const row of roster.section.filter((own) => ofSchool(own, 'ab-S4')))
      roster.section.push({ ...row, 'SIS ID': `${row['SIS ID']}n` });
    for (const rows of [roster.studentenrollment, roster.teacherroster])
      for (const row of rows.filter((own) => ofSchool(own, 'ab-S4')))
        rows.push({ ...row, 'Section SIS ID': `${row['Section SIS ID']}n` });
  };
  const directory = await authority.dump();
  const answer = await authority.send(authority.files(doubled));
  assert.equal(answer.status, 'validationError', answer.statusMessage);
  assert.match(
    answer.statusMessage,
    /ab-S1 \(Alfield School\): 40 students would be new, beside 40; the limit is 30/u,
  );
  assert.match(
    answer.statusMessage,
    /ab-S4 \(Dalfield School\): 384 enrollments would be new, beside 384; the limit is 288/u,
  );
  await authority.reject('Exported twice');
  assert.deepEqual(await authority.dump(), directory);
  await authority.correct();
});

/** Pupils of a school are missing, their enrollments too: each time others more. */
function losing(school: string, count: number): (roster: SmallRoster) => void {
  return (roster) => {
    const gone = new Set(
      roster.student
        .filter((row) => ofSchool(row, school))
        .slice(0, count)
        .map((row) => row['SIS ID']),
    );
    for (const rows of [roster.student, roster.studentenrollment])
      rows.splice(0, Infinity, ...rows.filter((row) => !gone.has(row['SIS ID'])));
  };
}

test('clocks that jump back by an hour: runs stay in order, nothing is doubled, and two losses still count as one', async () => {
  await authority.correct();
  offsetMs = -HOUR_MS;
  // One that was issued later than now is refused, so every client asks for another.
  token = fetchToken(rollbook.baseUrl, rollbook);
  // As if the database's clock had been an hour ahead until now.
  for (const [table, columns] of [
    ['run', ['created_at', 'planned_at', 'started_at', 'finished_at', 'accepted_at']],
    ['upload', ['created_at', 'sealed_at']],
    ['plan', ['created_at']],
    ['plan_hold', ['decided_at']],
  ] as const)
    await rollbook.rows(
      `update ${table} set ${columns.map((column) => `${column} = ${column} + interval '1 hour'`).join(', ')}`,
    );
  const send = (count: number): Promise<ProfileStatusAnswer> =>
    authority.send(authority.files(losing('ab-S5', count)));
  const runBefore = await client.latestRun(authority.profile);
  const first = await send(12);
  assert.equal(first.status, 'success', first.statusMessage);
  assert.notEqual(
    (await client.latestRun(authority.profile)).id,
    runBefore.id,
    'the newest run is the one that was asked for last',
  );
  assert.deepEqual((await changesOf(client, authority.profile))['student'], { ended: 12 });
  const second = await send(24);
  assert.equal(second.status, 'validationError', second.statusMessage);
  assert.match(
    second.statusMessage,
    /12 of \d+ students would end, 24 with those of the last days; the limit is 15/u,
  );
  // A preview without an upload of its own takes the newest files: those of `second`.
  const preview = await client.ok<{ id: string }>('POST', `/api/v1/profiles/${authority.profile}/plan`);
  const uploads = await rollbook.rows(
    `select count(distinct upload_id)::int as uploads from run where id = any($1)`,
    [[preview.id, (await client.latestRun(authority.profile)).id]],
  );
  assert.deepEqual(uploads, [{ uploads: 1 }]);
  const good = await authority.send(authority.files());
  assert.equal(good.status, 'success', good.statusMessage);
  assert.deepEqual((await changesOf(client, authority.profile))['student'], { reactivated: 12 });
  await authority.send(authority.files());
  assert.deepEqual(await changesOf(client, authority.profile), {});
  offsetMs = 0;
});

test('a tenant in another time zone, at the change of its clocks: the same files change nothing', async () => {
  await rollbook.rows(`update tenant set time_zone = 'Australia/Lord_Howe'`);
  const answer = await authority.send(authority.files());
  assert.equal(answer.status, 'success', answer.statusMessage);
  assert.deepEqual(await changesOf(client, authority.profile), {});
});

test('after all these the directory is as if none had happened', () => authority.assertAsIfNothingHappened());
