/** What proves that a file is whole, and that nothing ends while nothing does: docs/adr/0010-limits-of-a-plan.md. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

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
/** A first load of three schools of 40 pupils with an enrollment file of 240 rows, and the same with its last 100 rows cut off. */
async function loaded(): Promise<{ profile: string; whole: SmallRoster; short: SmallRoster }> {
  const whole = smallRoster({ schools: 3, students: 40 });
  const prefix = `c${++made}-`;
  for (const rows of Object.values(whole) as Record<string, string>[][])
    for (const row of rows)
      for (const column of ['SIS ID', 'School SIS ID', 'Section SIS ID', 'Username'])
        if (row[column] !== undefined) row[column] = prefix + row[column];
  const profile = await client.createProfile({ displayName: `Certificate ${prefix}` });
  assert.equal((await client.sync(profile, csvFiles(whole))).status, 'success');
  const short = copyOf(whole);
  short.studentenrollment.length = 140;
  return { profile, whole, short };
}

interface Plan {
  readonly certificate: { complete: boolean; files: { file: string; rows: number; proof: string | null }[] };
  readonly holds: { scope: string; id: string; decision: string | null }[];
}

async function latestPlan(profile: string): Promise<Plan> {
  const { id } = await client.latestRun(profile);
  return client.ok<Plan>('GET', `/api/v1/runs/${id}/plan`);
}

async function proofOf(profile: string): Promise<string | null | undefined> {
  const { certificate } = await latestPlan(profile);
  return certificate.files.find(({ file }) => file === 'studentenrollment.csv')?.proof;
}

/** The limits of schools out of the way: what is left to hold anything is the missing proof. */
const openLimits = (profile: string): Promise<unknown> =>
  client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, { applyPolicy: 'atOnce' });

const manifestOf = (rows: number): Record<string, string> => ({
  'manifest.json': JSON.stringify({ files: [{ name: 'StudentEnrollment.csv', rows }] }),
});

const dump = (): Promise<string[]> => dumpDirectory(rollbook.db, rollbook.tenantId);

test('a manifest that counts more rows than arrived stops the sync; one that fits proves the file', async () => {
  const { profile, short } = await loaded();
  await openLimits(profile);
  const directory = await dump();
  await client.upload(profile, { ...csvFiles(short), ...manifestOf(240) });
  const started = await client.start(profile);
  assert.equal(started.status, 400);
  assert.ok(
    started.messages.some(
      ({ fileName, description }) => fileName === 'studentenrollment.csv' && /manifest/u.test(description),
    ),
    JSON.stringify(started.messages),
  );
  assert.equal((await client.status(profile)).status, 'validationError');
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 409);
  assert.deepEqual(await dump(), directory);
  const right = await client.sync(profile, { ...csvFiles(short), ...manifestOf(140) });
  assert.equal(right.status, 'success', right.statusMessage);
  assert.equal(await proofOf(profile), 'manifest');
  assert.deepEqual(await changesOf(client, profile), { enrollment: { ended: 100 } });
});

test('at once: an absence that nothing proves ends nothing, however often it is sent; hours later a second export confirms it', async () => {
  const { profile, whole, short } = await loaded();
  await openLimits(profile);
  const directory = await dump();
  const changed = copyOf(short);
  changed.student[0] = { ...changed.student[0], 'Last Name': 'Changed' };
  for (const roster of [short, short, changed]) {
    const answer = await client.sync(profile, csvFiles(roster));
    assert.equal(answer.status, 'validationError', answer.statusMessage);
    assert.match(answer.statusMessage, /^Studentenrollment\.csv has 140 rows where 240 records were known/u);
    assert.equal(await proofOf(profile), null);
    const { holds } = await latestPlan(profile);
    assert.deepEqual(
      holds.map(({ scope, id }) => [scope, id]),
      [['absence', 'studentenrollment.csv']],
    );
  }
  assert.deepEqual(
    await changesOf(client, profile),
    { student: { updated: 1 } },
    'the rest is applied at once',
  );
  const changedWhole = copyOf(whole);
  changedWhole.student[0] = { ...changed.student[0] };
  const lines = await dump();
  assert.equal(
    lines.filter((line) => line.startsWith('enrollment') && line.endsWith('false]')).length,
    directory.filter((line) => line.startsWith('enrollment') && line.endsWith('false]')).length,
    'no enrollment has ended',
  );

  // The next export comes five hours after the first: still one and the same broken export, perhaps.
  const shift = (hours: number): Promise<unknown> =>
    rollbook.rows(
      `update upload set sealed_at = sealed_at - make_interval(hours => $2) where profile_id = $1`,
      [profile, hours],
    );
  await shift(5);
  assert.equal((await client.sync(profile, csvFiles(changed))).status, 'validationError');
  await shift(1);
  const confirmed = await client.sync(profile, csvFiles(changed));
  assert.equal(confirmed.status, 'success', confirmed.statusMessage);
  assert.equal(await proofOf(profile), 'confirmedTwice');
  assert.deepEqual(await changesOf(client, profile), { enrollment: { ended: 100 } });
  // It was an accident all the same: the whole file brings everything back.
  const back = await client.sync(profile, csvFiles(changedWhole));
  assert.equal(back.status, 'success', back.statusMessage);
  assert.deepEqual(await changesOf(client, profile), { enrollment: { reactivated: 100 } });
});

test('an administrator accepts a short file, by its plan; the next sync of the same files needs no further proof', async () => {
  const { profile, short } = await loaded();
  const answer = await client.sync(profile, csvFiles(short));
  assert.equal(answer.status, 'validationError');
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 200);
  assert.equal((await client.settled(profile)).status, 'success');
  assert.deepEqual(await changesOf(client, profile), { enrollment: { ended: 100 } });
  const { holds } = await latestPlan(profile);
  assert.ok(holds.length > 0 && holds.every(({ decision }) => decision === 'approved'));
  assert.equal((await client.sync(profile, csvFiles(short))).status, 'success');
  assert.equal(await proofOf(profile), 'floor');
  assert.deepEqual(await changesOf(client, profile), {});
});

test('a file cut off in its very last value ends nothing; a sender who ends it so from now on is believed hours later', async () => {
  const { profile, whole } = await loaded();
  const files = csvFiles(whole);
  const name = 'StudentEnrollment.csv';
  const text = files[name] ?? '';
  // The last row is that of pupil 40; cut off, it names pupil 4, and nothing in the row is wrong.
  assert.match(text, /P40\r\n$/u);
  const cut = { ...files, [name]: text.slice(0, -'0\r\n'.length) };
  const directory = await dump();
  const answer = await client.sync(profile, cut);
  assert.equal(answer.status, 'validationError', answer.statusMessage);
  assert.match(
    answer.statusMessage,
    /^Studentenrollment\.csv ends without a line break where it always had one/u,
  );
  assert.deepEqual(
    (await latestPlan(profile)).holds.map(({ scope, id }) => [scope, id]),
    [['absence', 'studentenrollment.csv']],
  );
  assert.deepEqual(await dump(), directory);
  // The whole file is as it was: there is nothing to decide.
  assert.equal((await client.sync(profile, files)).status, 'success');
  assert.deepEqual(await dump(), directory);

  // Only the line break is missing, and a row: again nothing ends at first.
  const rows = text.trimEnd().split('\r\n');
  const shorter = { ...files, [name]: rows.slice(0, -1).join('\r\n') };
  assert.equal((await client.sync(profile, shorter)).status, 'validationError');
  await rollbook.rows(`update upload set sealed_at = sealed_at - interval '7 hours' where profile_id = $1`, [
    profile,
  ]);
  const confirmed = await client.sync(profile, shorter);
  assert.equal(confirmed.status, 'success', confirmed.statusMessage);
  assert.equal(await proofOf(profile), 'confirmedTwice');
  assert.deepEqual(await changesOf(client, profile), { enrollment: { ended: 1 } });
  const next = { ...files, [name]: rows.slice(0, -2).join('\r\n') };
  assert.equal((await client.sync(profile, next)).status, 'success', 'that is how it ends now');
  assert.equal(await proofOf(profile), 'floor');
});

const hoursPass = (profile: string, hours: number): Promise<unknown> =>
  rollbook.rows(
    `update upload set sealed_at = sealed_at - make_interval(hours => $2) where profile_id = $1`,
    [profile, hours],
  );

test('a whole export between two that are short: the second confirms nothing', async () => {
  const { profile, whole, short } = await loaded();
  await openLimits(profile);
  assert.equal((await client.sync(profile, csvFiles(short))).status, 'validationError');
  await hoursPass(profile, 7);
  // Somebody repaired the export, and uploaded it; an hour later the broken one comes again.
  assert.equal((await client.sync(profile, csvFiles(whole))).status, 'success');
  const again = await client.sync(profile, csvFiles(short));
  assert.equal(again.status, 'validationError', again.statusMessage);
  assert.equal(await proofOf(profile), null);
});

test('what was rejected or cancelled proves nothing: neither that a file is so short, nor that it ends so', async () => {
  const { profile, whole, short } = await loaded();
  await openLimits(profile);
  assert.equal((await client.sync(profile, csvFiles(short))).status, 'validationError');
  await client.ok('POST', `/api/v1/runs/${(await client.latestRun(profile)).id}/cancel`);
  await hoursPass(profile, 7);
  assert.equal((await client.sync(profile, csvFiles(short))).status, 'validationError', 'it was cancelled');
  assert.equal((await client.sync(profile, csvFiles(whole))).status, 'success');

  const files = csvFiles(whole);
  const name = 'StudentEnrollment.csv';
  const cut = { ...files, [name]: (files[name] ?? '').slice(0, -'0\r\n'.length) };
  const settings = `/api/v1/profiles/${profile}/settings`;
  await client.ok('PATCH', settings, { applyPolicy: 'alwaysAsk' });
  await hoursPass(profile, 7);
  await client.sync(profile, cut);
  await hoursPass(profile, 7);
  await client.sync(profile, cut);
  assert.equal(await proofOf(profile), 'confirmedTwice');
  await client.ok('POST', `/api/v1/runs/${(await client.latestRun(profile)).id}/reject`);
  await client.ok('PATCH', settings, { applyPolicy: 'atOnce' });
  await hoursPass(profile, 7);
  const third = await client.sync(profile, cut);
  assert.equal(third.status, 'validationError', third.statusMessage);
});
