/** The unmodified azcopy uploads a folder to the address that uploadUrl gave, and the sync takes it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { azCopy, type AzCopy } from '#test/helpers/azcopy.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster, type SmallRoster } from '#test/helpers/small-roster.ts';
import { changesOf, syncClient, type SyncClient } from '#test/helpers/sync-client.ts';

const PROFILES = '/beta/education/synchronizationProfiles';

let rollbook: TestRollbook;
let client: SyncClient;
let azcopy: AzCopy;
let folder: string;
before(async () => {
  rollbook = await startTestRollbook({ retryDelaySeconds: 0.1 });
  client = syncClient(rollbook);
  azcopy = await azCopy();
  folder = await mkdtemp(join(tmpdir(), 'rollbook-roster-'));
});
after(async () => {
  await rollbook.stop();
  await rm(folder, { recursive: true, force: true });
});

async function writeRoster(roster: SmallRoster): Promise<void> {
  for (const [name, content] of Object.entries(csvFiles(roster)))
    await writeFile(join(folder, name), content);
}

async function uploadUrl(profile: string): Promise<string> {
  const { value } = await client.ok<{ value: string }>('GET', `${PROFILES}/${profile}/uploadUrl`);
  return value;
}

async function startAndSettle(profile: string): Promise<void> {
  const started = await client.start(profile);
  assert.equal(started.status, 200, JSON.stringify(started.body));
  assert.equal((await client.settled(profile)).status, 'success');
}

test('a folder, in the ways that scripts call it', async () => {
  const profile = await client.createProfile();
  const roster = smallRoster();
  await writeRoster(roster);
  const copied = await azcopy(
    'copy',
    join(folder, '*.csv'),
    await uploadUrl(profile),
    '--from-to=LocalBlob',
    '--recursive=true',
    '--check-length=false',
  );
  assert.equal(copied.exitCode, 0, copied.output);
  assert.match(copied.output, /Number of File Transfers Completed: 6/);
  await startAndSettle(profile);
  const { student } = await changesOf(client, profile);
  assert.deepEqual(student, { created: roster.student.length });

  // Again, with the check of lengths that it makes unless told otherwise, and files that are there already.
  roster.student[0] = { ...roster.student[0], Grade: '12' };
  await writeRoster(roster);
  const url = await uploadUrl(profile);
  for (const attempt of [1, 2]) {
    const checked = await azcopy('cp', `${folder}/*`, url, '--from-to=LocalBlob', '--put-md5');
    assert.equal(checked.exitCode, 0, `${attempt}: ${checked.output}`);
    assert.match(checked.output, /Number of File Transfers Failed: 0/);
  }
  await startAndSettle(profile);
  assert.deepEqual((await changesOf(client, profile))['student'], { updated: 1 });
});

test('a file in blocks', async () => {
  const profile = await client.createProfile({ displayName: 'Blocks' });
  const roster = smallRoster({ schools: 1 });
  for (const rows of Object.values(roster) as Record<string, string>[][])
    for (const row of rows)
      for (const column of ['SIS ID', 'School SIS ID', 'Section SIS ID', 'Username'])
        if (row[column] !== undefined) row[column] = `b${row[column]}`;
  for (let n = 0; n < 12_000; n++)
    roster.student.push({
      'SIS ID': `many${n}`,
      'School SIS ID': 'bS1',
      'First Name': 'Pupil with a name of some length',
      'Last Name': `${'of the many '.repeat(4)}${n}`.trim(),
      Username: `many${n}`,
      Password: 'Start#2026',
    });
  await writeRoster(roster);
  const copied = await azcopy(
    'copy',
    `${folder}/*.csv`,
    await uploadUrl(profile),
    '--from-to=LocalBlob',
    '--block-size-mb=1',
    '--put-blob-size-mb=1',
  );
  assert.equal(copied.exitCode, 0, copied.output);
  await startAndSettle(profile);
  assert.equal((await changesOf(client, profile))['student']?.['created'], roster.student.length);
});

test('an address that is no longer good is refused in words that azcopy shows', async () => {
  const profile = await client.createProfile({ displayName: 'Refused' });
  const url = new URL(await uploadUrl(profile));
  url.searchParams.set('sig', 'AAAA');
  const refused = await azcopy(
    'copy',
    join(folder, 'School.csv'),
    url.href,
    '--from-to=LocalBlob',
    '--check-length=false',
  );
  assert.notEqual(refused.exitCode, 0);
  assert.match(refused.output, /AuthenticationFailed|403/);
});
