/** A roster in one zip: the same directory as from loose files, and nothing at all from a zip that cannot be trusted. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { dumpDirectory } from '#test/helpers/directory-dump.ts';
import { makeZip, zipOf } from '#test/helpers/make-zip.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { changesOf, type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const CONTOSO = fileURLToPath(new URL('../../examples/contoso', import.meta.url));
const PROFILES = '/beta/education/synchronizationProfiles';
const INNER = [
  'school.csv',
  'section.csv',
  'student.csv',
  'teacher.csv',
  'studentenrollment.csv',
  'teacherroster.csv',
];

let contoso: Record<string, Buffer>;
let rollbook: TestRollbook;
let client: SyncClient;
let profile: string;
before(async () => {
  const names = await readdir(CONTOSO);
  const contents = await Promise.all(names.map((name) => readFile(join(CONTOSO, name))));
  contoso = Object.fromEntries(names.map((name, n) => [name, contents[n] ?? Buffer.alloc(0)]));
  rollbook = await startTestRollbook();
  client = syncClient(rollbook);
  profile = await client.createProfile();
});
after(() => rollbook.stop());

const dump = (): Promise<string[]> => dumpDirectory(rollbook.db, rollbook.tenantId);

async function directoryOfLooseFiles(): Promise<string[]> {
  const other = await startTestRollbook();
  try {
    const loose = syncClient(other);
    const { status } = await loose.sync(await loose.createProfile(), contoso);
    assert.equal(status, 'success');
    return await dumpDirectory(other.db, other.tenantId);
  } finally {
    await other.stop();
  }
}

interface Story {
  readonly state: string;
  readonly files: { name: string; archive: string | null; rows: number | null }[];
}

async function latestStory(): Promise<Story> {
  const { id } = await client.latestRun(profile);
  return client.ok<Story>('GET', `/api/v1/runs/${id}`);
}

test('the directory is that of loose files; again, loose or in a folder, nothing changes', async () => {
  const first = await client.sync(profile, { 'contoso.zip': zipOf(contoso) });
  assert.equal(first.status, 'success', first.statusMessage);
  assert.equal(first.errorCount, 0);
  const directory = await dump();
  assert.deepEqual(directory, await directoryOfLooseFiles());
  const { files } = await latestStory();
  assert.deepEqual(
    files.map(({ name, archive }) => [name, archive]),
    INNER.map((name) => [name, 'contoso.zip']),
  );
  assert.equal(files.find(({ name }) => name === 'student.csv')?.rows, 120);

  for (const files of [{ 'contoso.zip': zipOf(contoso) }, contoso, { 'x.zip': zipOf(contoso, 'x/') }]) {
    const again = await client.sync(profile, files);
    assert.equal(again.status, 'success', again.statusMessage);
    assert.deepEqual(await changesOf(client, profile), {});
    assert.deepEqual(await dump(), directory);
  }
});

test('a hostile zip is held, says which file and why, and nothing changes', async () => {
  const directory = await dump();
  const { 'Student.csv': student = Buffer.alloc(0), ...others } = contoso;
  const entries = Object.entries(others).map(([path, content]) => ({ path, content }));
  const HOSTILE: [file: string, zip: Buffer, says: RegExp][] = [
    ['student.csv', makeZip([...entries, { path: 'Student.csv', content: student, crc: 1 }]), /CRC-32/u],
    ['student.csv', makeZip([...entries, { path: 'Student.csv', content: student, flags: 1 }]), /password/u],
    ['roster.zip', makeZip([...entries, { path: '../Student.csv', content: student }]), /climbs out/u],
    ['roster.zip', zipOf(contoso).subarray(0, -100), /damaged, cut off/u],
  ];
  for (const [file, zip, says] of HOSTILE) {
    await client.upload(profile, { 'roster.zip': zip });
    const { status, messages } = await client.start(profile);
    assert.equal(status, 400);
    assert.deepEqual(
      messages.filter(({ type }) => type === 'Error').map(({ fileName }) => fileName),
      [file],
    );
    assert.equal((await client.status(profile)).status, 'validationError');
    const errors = await client.all<{ errorMessage: string }>(`${PROFILES}/${profile}/errors`);
    assert.equal(errors.length, 1);
    assert.ok(errors[0]?.errorMessage.includes(file), errors[0]?.errorMessage);
    assert.match(errors[0]?.errorMessage ?? '', says);
    assert.deepEqual(await dump(), directory);
  }
});

test('a file in the zip that is empty on purpose is confirmed by its own name', async () => {
  const empty = Buffer.from('Section SIS ID,SIS ID\r\n');
  await client.upload(profile, { 'roster.zip': zipOf({ ...contoso, 'TeacherRoster.csv': empty }) });
  assert.equal((await client.start(profile)).status, 400);
  const { statusMessage } = await client.status(profile);
  assert.ok(statusMessage.includes(JSON.stringify({ confirmEmptyFiles: ['teacherroster.csv'] })));
  await client.ok('POST', `/api/v1/profiles/${profile}/resume`, { confirmEmptyFiles: ['teacherroster.csv'] });
  await client.settled(profile);
  assert.ok(((await changesOf(client, profile))['enrollment']?.['ended'] ?? 0) > 0);
});

test('bytes that were damaged where they are kept are no fault of the zip, and are found', async () => {
  const directory = await dump();
  await client.upload(profile, { 'roster.zip': zipOf(contoso) });
  const [stored] = await rollbook.rows(
    `select f.object_name as name from upload_file f join upload u on u.id = f.upload_id where u.state = 'open'`,
  );
  const name = String(stored?.['name']);
  const path = join(rollbook.filesDirectory, name.slice(-2), name);
  const bytes = await readFile(path);
  bytes[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 1;
  await writeFile(path, bytes);
  await client.start(profile);
  assert.equal((await client.settled(profile)).status, 'error');
  assert.match(String((await runRow())['error_code']), /UploadBytesDamaged/u);
  assert.deepEqual(await dump(), directory);

  // Another zip in its place, whole in itself.
  await client.upload(profile, { 'roster.zip': zipOf(contoso) });
  await rollbook.rows(
    `update upload_file f set sha256 = '\\x00' from upload u where u.id = f.upload_id and u.state = 'open'`,
  );
  await client.start(profile);
  assert.equal((await client.settled(profile)).status, 'error');
  assert.match(String((await runRow())['error_code']), /UploadDamaged/u);
  assert.deepEqual(await dump(), directory);
});

async function runRow(): Promise<Record<string, unknown>> {
  const [row] = await rollbook.rows(
    'select * from run where profile_id = $1 order by created_at desc limit 1',
    [profile],
  );
  return row ?? {};
}

test('a zip is no way around the limits of files that come loose', async () => {
  const sizes = Object.values(contoso).map(({ length }) => length);
  const largest = Math.max(...sizes);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const LIMITS: [settings: Record<string, string>, file: RegExp][] = [
    [{ UPLOAD_FILE_BYTES: String(largest - 1) }, /^student/u],
    [{ UPLOAD_BYTES: String(total - 1) }, /^roster\.zip$/u],
  ];
  for (const [settings, file] of LIMITS) {
    const small = await startTestRollbook({ settings });
    try {
      const there = syncClient(small);
      const of = await there.createProfile();
      await there.upload(of, { 'roster.zip': zipOf(contoso) });
      const { status, messages } = await there.start(of);
      assert.equal(status, 400);
      const [error] = messages.filter(({ type }) => type === 'Error');
      assert.match(error?.fileName ?? '', file);
      assert.match(error?.description ?? '', /more than it states, or than is taken/u);
    } finally {
      await small.stop();
    }
  }
});
