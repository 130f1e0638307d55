/** What an administrator is told of real runs: a run that is held, a profile that keeps failing, and the end of both. */
import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { type ScriptedHttpServer, scriptedHttpServer } from '#test/fakes/scripted-http-server.ts';
import { ownRoster } from '#test/helpers/own-roster.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { copyOf, csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

interface Told {
  readonly id: string;
  readonly event: string;
  readonly message: string | null;
  readonly reasons: readonly { code: string; file?: string }[];
  readonly profile: { readonly id: string; readonly displayName: string };
  readonly closedDateTime?: string | null;
}

let receiver: ScriptedHttpServer;
let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  receiver = await scriptedHttpServer(() => ({ status: 200 }));
  rollbook = await startTestRollbook({
    retryDelaySeconds: 0.05,
    noticePollSeconds: 0.02,
    settings: { NOTICE_PRIVATE_HOSTS: '127.0.0.1' },
  });
  client = syncClient(rollbook);
  await client.ok('POST', '/api/v1/noticeChannels', { kind: 'webhook', address: receiver.address });
});
after(async () => {
  await rollbook.stop();
  await receiver.close();
});
let from = 0;
beforeEach(() => {
  from = receiver.seen.length;
});

/** What this test's profile was told, once there is so much of it, and it stays so. */
async function told(count: number): Promise<Told[]> {
  const all = (): Told[] =>
    receiver.seen
      .slice(from)
      .flatMap(({ body }) => (JSON.parse(body.toString()) as { data: { notices: Told[] } }).data.notices);
  for (let attempt = 0; attempt < 2_400 && all().length < count; attempt++) await wait(25);
  await wait(150);
  return all();
}

const listed = (profile: string): Promise<Told[]> =>
  client.all<Told & Record<string, unknown>>(`/api/v1/notices?profileId=${profile}`);

test('held by the verdict: told once however often the same is uploaded, and told when it is over', async () => {
  const profile = await client.createProfile({ displayName: 'North' });
  const roster = smallRoster({ schools: 2, students: 40 });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  assert.deepEqual(await told(0), [], 'a sync that works is nothing to tell');
  const truncated = copyOf(roster);
  truncated.studentenrollment.length = 60;
  for (const length of [60, 59, 58]) {
    truncated.studentenrollment.length = length;
    assert.equal((await client.sync(profile, csvFiles(truncated))).status, 'validationError');
  }
  const [held, ...more] = await told(1);
  assert.deepEqual(more, []);
  assert.deepEqual([held?.event, held?.profile], ['held', { id: profile, displayName: 'North' }]);
  assert.match(held?.message ?? '', /80 of 83 enrollments would end/);
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  assert.deepEqual(
    (await told(2)).map(({ event }) => event),
    ['held', 'recovered'],
  );
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  assert.equal((await told(2)).length, 2, 'that it still works is nothing to tell');
  const list = await listed(profile);
  assert.deepEqual(
    list.map(({ event }) => event),
    ['recovered', 'held'],
    'the newest first',
  );
  assert.ok(list.every(({ closedDateTime }) => typeof closedDateTime === 'string'));
  assert.equal((await client.sync(profile, csvFiles(truncated))).status, 'validationError');
  assert.equal((await told(3)).at(-1)?.event, 'held', 'the same reason is told again after it was over');
});

test('a run that waits and is cancelled is over: its notice is closed, and the same reason is told again', async () => {
  const profile = await client.createProfile({ displayName: 'Cancelled' });
  const roster = ownRoster('nc-', { schools: 1, students: 40 });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const truncated = copyOf(roster);
  truncated.studentenrollment.length = 10;
  assert.equal((await client.sync(profile, csvFiles(truncated))).status, 'validationError');
  assert.deepEqual(
    (await told(1)).map(({ event }) => event),
    ['held'],
  );
  await client.ok('POST', `/api/v1/runs/${(await client.latestRun(profile)).id}/cancel`);
  const [notice] = await listed(profile);
  assert.equal(typeof notice?.closedDateTime, 'string', 'nothing waits any more');
  assert.equal((await client.sync(profile, csvFiles(truncated))).status, 'validationError');
  assert.deepEqual(
    (await told(2)).map(({ event }) => event),
    ['held', 'held'],
  );
});

test('stopped by validation: names the file and the fault, never a person', async () => {
  const profile = await client.createProfile({ displayName: 'South' });
  const roster = smallRoster({ schools: 1, students: 30 });
  for (const student of roster.student) student['Last Name'] = '';
  await client.upload(profile, csvFiles(roster));
  assert.equal((await client.start(profile)).status, 400);
  const [held] = await told(1);
  assert.match(held?.message ?? '', /30 of 30 rows of student\.csv/);
  assert.ok(held?.reasons.some(({ code, file }) => code === 'REQUIRED_MISSING' && file === 'student.csv'));
  assert.doesNotMatch(
    JSON.stringify(receiver.seen.slice(from).map(({ body }) => body.toString())),
    /Stu\d|Dent\d/,
  );
  const { 'School.csv': _, ...five } = csvFiles(roster);
  await client.upload(profile, five);
  assert.equal((await client.start(profile)).status, 400);
  const [, unusable] = await told(2);
  assert.ok(
    unusable?.reasons.some(({ code }) => code === 'FILE_MISSING_REQUIRED'),
    'another reason is told by itself',
  );
  assert.equal(
    (await client.call('POST', `/beta/education/synchronizationProfiles/${profile}/reset`)).status,
    200,
  );
  assert.ok(
    (await listed(profile)).every(({ closedDateTime }) => closedDateTime !== null),
    'a reset closes quietly',
  );
});

test('quarantine: told once when it begins, and when it is over', async () => {
  const profile = await client.createProfile({ displayName: 'West' });
  const roster = smallRoster({ schools: 1, students: 3 });
  for (const person of [...roster.student, ...roster.teacher])
    person['Username'] = `west.${person['Username']}`;
  await client.upload(profile, csvFiles(roster));
  for (const entry of await readdir(rollbook.filesDirectory, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) await writeFile(join(entry.parentPath, entry.name), Buffer.alloc(512, 1));
  assert.equal((await client.start(profile)).status, 200);
  const [quarantined, ...more] = await told(1);
  assert.deepEqual([quarantined?.event, more], ['quarantined', []]);
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  assert.deepEqual(
    (await told(2)).map(({ event }) => event),
    ['quarantined', 'recovered'],
  );
});
