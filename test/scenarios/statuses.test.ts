/** Each of the six statuses, reached by its real cause (docs/spec/status.md). */
import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { dumpDirectory } from '#test/helpers/directory-dump.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { copyOf, csvFiles, type SmallRoster, smallRoster } from '#test/helpers/small-roster.ts';
import { changesOf, type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const PROFILES = '/beta/education/synchronizationProfiles';

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook({ retryDelaySeconds: 0.05 });
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

let made = 0;
/** A roster whose ids and user names no other test of this file uses. */
function ownRoster(size: Parameters<typeof smallRoster>[0] = {}): SmallRoster {
  const roster = smallRoster(size);
  const prefix = `u${++made}.`;
  for (const person of [...roster.student, ...roster.teacher])
    person['Username'] = prefix + person['Username'];
  return roster;
}

test('paused: never started, then by an administrator; resume goes on', async () => {
  const profile = await client.createProfile({ displayName: 'Paused' });
  const fresh = await client.status(profile);
  assert.equal(fresh.status, 'paused');
  assert.equal(fresh.lastSynchronizationDateTime, null);
  const files = csvFiles(ownRoster());
  assert.equal((await client.sync(profile, files)).status, 'success');
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/pause`)).status, 200);
  assert.equal((await client.status(profile)).status, 'paused');
  await client.upload(profile, files);
  const refused = await client.start(profile);
  assert.equal(refused.status, 409);
  assert.match(JSON.stringify(refused.body), /[Rr]esume/);
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 200);
  assert.equal((await client.status(profile)).status, 'success');
  assert.equal((await client.start(profile)).status, 200);
  assert.equal((await client.settled(profile)).status, 'success');
});

test('inProgress while a run is queued or executes; success when the last run was applied to its end', async () => {
  const profile = await client.createProfile({ displayName: 'In progress' });
  await client.upload(profile, csvFiles(ownRoster({ schools: 4, students: 200 })));
  const seen = new Set<string>();
  let ended = false;
  const starting = client.start(profile).finally(() => (ended = true));
  while (!ended) {
    seen.add((await client.status(profile)).status);
    await wait(5);
  }
  assert.equal((await starting).status, 200);
  assert.equal((await client.settled(profile)).status, 'success');
  assert.ok(seen.has('inProgress'), `seen: ${[...seen].join()}`);
});

test('error: a bad row is dropped, its last good state stays, the rest goes in; the next good upload clears it', async () => {
  const profile = await client.createProfile({ displayName: 'Error' });
  const roster = ownRoster();
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const bad = copyOf(roster);
  bad.student[1] = { ...bad.student[1], 'First Name': '' };
  bad.student[2] = { ...bad.student[2], 'Last Name': 'Changed' };
  const status = await client.sync(profile, csvFiles(bad));
  assert.equal(status.status, 'error', status.statusMessage);
  assert.equal(status.errorCount, 1);
  assert.deepEqual(await changesOf(client, profile), { student: { updated: 1 } });
  const [error] = await client.all<Record<string, string>>(`${PROFILES}/${profile}/errors`);
  assert.equal(error?.['entryType'], 'Student');
  assert.equal(error?.['errorCode'], 'REQUIRED_MISSING');
  assert.match(String(error?.['errorMessage']), /First Name/);
  const again = await client.sync(profile, csvFiles(roster));
  assert.equal(again.status, 'success');
  assert.equal(again.errorCount, 0);
});

test('validationError by validation: start says 400, nothing is written, resume goes on without the bad rows', async () => {
  const profile = await client.createProfile({ displayName: 'Above tolerance' });
  const roster = ownRoster({ schools: 2, students: 12 });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const before = await dumpDirectory(rollbook.db, rollbook.tenantId);
  const bad = copyOf(roster);
  for (let n = 0; n < 11; n++) bad.student[n] = { ...bad.student[n], 'First Name': '' };
  bad.student[20] = { ...bad.student[20], 'Last Name': 'Changed' };
  await client.upload(profile, csvFiles(bad));
  const started = await client.start(profile);
  assert.equal(started.status, 400);
  assert.ok(started.messages.some(({ type, fileName }) => type === 'Error' && fileName === 'student.csv'));
  const status = await client.status(profile);
  assert.equal(status.status, 'validationError');
  assert.match(status.statusMessage, /11 of 24 rows of student\.csv/);
  assert.deepEqual(await dumpDirectory(rollbook.db, rollbook.tenantId), before);
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 200);
  const after = await client.settled(profile);
  assert.equal(after.status, 'error');
  assert.equal(after.errorCount, 11);
  assert.deepEqual(await changesOf(client, profile), { student: { updated: 1 } });
});

test('validationError by the verdict: a truncated file is held, resume accepts that plan, a better upload replaces it', async () => {
  const profile = await client.createProfile({ displayName: 'Held' });
  const roster = ownRoster({ schools: 2, students: 40 });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const before = await dumpDirectory(rollbook.db, rollbook.tenantId);
  const truncated = copyOf(roster);
  truncated.studentenrollment.length = 60;
  const held = await client.sync(profile, csvFiles(truncated));
  assert.equal(held.status, 'validationError');
  assert.match(held.statusMessage, /School S2 \(School 2\): 80 of 83 enrollments would end; the limit is 41/);
  assert.match(held.statusMessage, /studentenrollment\.csv has 60 rows where 160 records were known/);
  assert.deepEqual(
    await dumpDirectory(rollbook.db, rollbook.tenantId),
    before,
    'nothing is applied while it is held',
  );

  const replaced = await client.sync(profile, csvFiles(roster));
  assert.equal(replaced.status, 'success', 'a better upload takes its place');
  assert.deepEqual(await dumpDirectory(rollbook.db, rollbook.tenantId), before);

  assert.equal((await client.sync(profile, csvFiles(truncated))).status, 'validationError');
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 200);
  assert.equal((await client.settled(profile)).status, 'success');
  assert.deepEqual(await changesOf(client, profile), { enrollment: { ended: 100 } });
});

test('a missing file and one without rows need a confirmation of their own', async () => {
  const profile = await client.createProfile({ displayName: 'Missing' });
  const roster = ownRoster({ schools: 1, students: 6 });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const before = await dumpDirectory(rollbook.db, rollbook.tenantId);
  const { 'TeacherRoster.csv': header, ...five } = csvFiles(roster);
  for (const files of [five, { ...five, 'TeacherRoster.csv': `${String(header).split('\r\n')[0]}\r\n` }]) {
    await client.upload(profile, files);
    const started = await client.start(profile);
    assert.equal(started.status, 400);
    assert.ok(started.messages.some(({ fileName }) => fileName === 'teacherroster.csv'));
    assert.equal((await client.status(profile)).status, 'validationError');
    const plain = await client.call('POST', `${PROFILES}/${profile}/resume`);
    assert.equal(plain.status, 409, 'a plain resume never takes a missing file for an empty one');
    assert.match(JSON.stringify(plain.body), /confirmEmptyFiles/);
  }
  assert.deepEqual(await dumpDirectory(rollbook.db, rollbook.tenantId), before);
  await client.ok('POST', `/api/v1/profiles/${profile}/resume`, { confirmEmptyFiles: ['teacherroster.csv'] });
  const asked = await client.settled(profile);
  assert.equal(
    asked.status,
    'validationError',
    'that the file is whole does not say that all may lose their teachers',
  );
  assert.match(asked.statusMessage, /3 of 3 classes would go on without a teacher/u);
  await client.ok('POST', `${PROFILES}/${profile}/resume`);
  assert.equal((await client.settled(profile)).status, 'success');
  assert.deepEqual(await changesOf(client, profile), { enrollment: { ended: roster.teacherroster.length } });
});

test('quarantined: five broken runs in a row; out on the first success', async () => {
  const profile = await client.createProfile({ displayName: 'Quarantined' });
  const roster = ownRoster({ schools: 1, students: 3 });
  await client.upload(profile, csvFiles(roster));
  await damageUploadedFiles(rollbook.filesDirectory);
  const started = await client.start(profile);
  assert.equal(started.status, 200, 'nothing is wrong with the data');
  let status = await client.status(profile);
  const seen = new Set<string>([status.status]);
  for (let attempt = 0; attempt < 400 && status.status !== 'quarantined'; attempt++) {
    await wait(50);
    status = await client.status(profile);
    seen.add(status.status);
  }
  assert.equal(status.status, 'quarantined', [...seen].join());
  assert.ok(!seen.has('success'), 'a run that could not read its source never says success');
  assert.equal(status.lastSynchronizationDateTime, null);
  const good = await client.sync(profile, csvFiles(roster));
  assert.equal(good.status, 'success', good.statusMessage);
});

/** Overwrites the stored bytes of all uploads, as a failing disk would. */
async function damageUploadedFiles(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await writeFile(join(entry.parentPath, entry.name), Buffer.alloc(512, 1));
  }
}
