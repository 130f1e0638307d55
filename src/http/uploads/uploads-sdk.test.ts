import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';

import { ContainerClient, RestError } from '@azure/storage-blob';

import { uploadServer, type UploadServer } from '#test/helpers/upload-server.ts';

/** The unmodified client of the retired service, against the real server, store and database. */
describe('@azure/storage-blob', () => {
  let server: UploadServer;
  before(async () => {
    server = await uploadServer();
  });
  after(() => server.close());

  async function newContainer() {
    const profileId = await server.newProfile();
    const { url, uploadId } = await server.uploadUrl(profileId);
    return { profileId, uploadId, container: new ContainerClient(url) };
  }

  const refusedWith =
    (status: number, code: string) =>
    (error: unknown): boolean =>
      error instanceof RestError && error.statusCode === status && error.code === code;

  test('uploads six small files, and they read back as they were', async () => {
    const { profileId, container } = await newContainer();
    const names = ['School', 'Section', 'Student', 'Teacher', 'StudentEnrollment', 'TeacherRoster'];
    for (const name of names) {
      const text = `SIS ID,Name\n${name}é,1\n`;
      const response = await container.getBlockBlobClient(`${name}.csv`).uploadData(Buffer.from(text));
      assert.equal(response._response.status, 201);
      assert.ok(response.etag);
      assert.equal(response.isServerEncrypted, true);
      assert.deepEqual(Buffer.from(response.contentMD5 ?? []), createHash('md5').update(text).digest());
      assert.equal(
        response.clientRequestId,
        response._response.request.headers.get('x-ms-client-request-id'),
      );
    }
    const contents = await server.readBack(await server.seal(profileId));
    assert.deepEqual([...contents.keys()].sort(), names.map((name) => `${name}.csv`).sort());
    assert.equal(contents.get('School.csv')?.toString(), 'SIS ID,Name\nSchoolé,1\n');
  });

  test('uploads an empty file', async () => {
    const { profileId, container } = await newContainer();
    await container.getBlockBlobClient('School.csv').upload('', 0);
    assert.equal((await server.readBack(await server.seal(profileId))).get('School.csv')?.length, 0);
  });

  test('streams blocks', async () => {
    const { profileId, container } = await newContainer();
    const plain = randomBytes(5 * 1024 * 1024 + 3);
    const stream = Readable.from(cut(plain, 70_001));
    await container.getBlockBlobClient('Student.csv').uploadStream(stream, 1024 * 1024, 3);
    assert.deepEqual((await server.readBack(await server.seal(profileId))).get('Student.csv'), plain);
  });

  test('uploads a file from disk in many blocks at once; the blocks are gone afterwards', async () => {
    const { profileId, container } = await newContainer();
    const folder = await mkdtemp(join(tmpdir(), 'rollbook-big-'));
    try {
      const plain = randomBytes(9 * 1024 * 1024 + 11);
      const path = join(folder, 'big.csv');
      await writeFile(path, plain);
      const objectsBefore = (await server.objects()).length;
      await container
        .getBlockBlobClient('StudentEnrollment.csv')
        .uploadFile(path, { blockSize: 256 * 1024, maxSingleShotSize: 256 * 1024, concurrency: 6 });
      assert.equal((await server.objects()).length, objectsBefore + 1);
      assert.deepEqual(
        (await server.readBack(await server.seal(profileId))).get('StudentEnrollment.csv'),
        plain,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('replaces a file by name, whatever its case, and keeps one object', async () => {
    const { profileId, container } = await newContainer();
    const objectsBefore = (await server.objects()).length;
    await container.getBlockBlobClient('School.csv').uploadData(Buffer.from('first'));
    await container.getBlockBlobClient('School.csv').uploadData(Buffer.from('second'));
    await container.getBlockBlobClient('SCHOOL.CSV').uploadData(Buffer.from('third'));
    assert.equal((await server.objects()).length, objectsBefore + 1);
    const contents = await server.readBack(await server.seal(profileId));
    assert.deepEqual(
      [...contents].map(([name, bytes]) => [name, bytes.toString()]),
      [['SCHOOL.CSV', 'third']],
    );
  });

  test('puts a file together from committed, uncommitted and latest blocks', async () => {
    const { profileId, container } = await newContainer();
    const blob = container.getBlockBlobClient('Teacher.csv');
    const id = (n: number): string => Buffer.from(`block-${n}`).toString('base64');
    for (const n of [1, 2, 3]) await blob.stageBlock(id(n), `<${n}>`, 3);
    await blob.commitBlockList([id(3), id(1), id(1), id(2)]);
    await blob.stageBlock(id(4), '<four>', 6);
    await blob.commitBlockList([id(4), id(2), id(3)]); // the SDK says Latest: 4 is new, 2 and 3 are in the file
    await blob.stageBlock(id(2), '<two>', 5);
    await blob.commitBlockList([id(2), id(4)]);
    const contents = await server.readBack(await server.seal(profileId));
    assert.equal(contents.get('Teacher.csv')?.toString(), '<two><four>');
  });

  test('is told when a block list names a block that is not there', async () => {
    const { profileId, container } = await newContainer();
    const blob = container.getBlockBlobClient('Teacher.csv');
    await blob.uploadData(Buffer.from('stays'));
    const missing = blob.commitBlockList([Buffer.from('nope').toString('base64')]);
    await assert.rejects(missing, refusedWith(400, 'InvalidBlockList'));
    const contents = await server.readBack(await server.seal(profileId));
    assert.equal(contents.get('Teacher.csv')?.toString(), 'stays');
  });

  test('is told when block ids differ in length', async () => {
    const { container } = await newContainer();
    const blob = container.getBlockBlobClient('Teacher.csv');
    await blob.stageBlock(Buffer.from('aaaa').toString('base64'), 'x', 1);
    const other = blob.stageBlock(Buffer.from('aaaaaaaa').toString('base64'), 'x', 1);
    await assert.rejects(other, refusedWith(400, 'InvalidBlobOrBlock'));
  });

  test('may ask not to replace anything', async () => {
    const { container } = await newContainer();
    const blob = container.getBlockBlobClient('School.csv');
    const conditions = { conditions: { ifNoneMatch: '*' } };
    await blob.upload('a', 1, conditions);
    await assert.rejects(blob.upload('b', 1, conditions), refusedWith(409, 'BlobAlreadyExists'));
  });

  test('may write and nothing else', async () => {
    const { container } = await newContainer();
    const blob = container.getBlockBlobClient('School.csv');
    await blob.uploadData(Buffer.from('secret'));
    const forbidden = refusedWith(403, 'AuthorizationPermissionMismatch');
    await assert.rejects(
      blob.exists(),
      (error: unknown) => error instanceof RestError && error.statusCode === 403,
    );
    await assert.rejects(container.exists(), forbidden);
    await assert.rejects(container.create(), forbidden);
    await assert.rejects(container.delete(), forbidden);
    await assert.rejects(blob.download(), forbidden);
    await assert.rejects(blob.getBlockList('all'), forbidden);
    await assert.rejects(blob.delete(), forbidden);
    await assert.rejects(container.listBlobsFlat().next(), forbidden);
    await assert.rejects(blob.setMetadata({ a: 'b' }), refusedWith(400, 'UnsupportedQueryParameter'));
  });

  test('gets 409 for an upload that a start has taken, and the sealed files stay', async () => {
    const { profileId, container } = await newContainer();
    await container.getBlockBlobClient('School.csv').uploadData(Buffer.from('sealed'));
    const uploadId = await server.seal(profileId);
    const late = refusedWith(409, 'BlobImmutableDueToPolicy');
    await assert.rejects(container.getBlockBlobClient('School.csv').uploadData(Buffer.from('late')), late);
    await assert.rejects(container.getBlockBlobClient('x.csv').stageBlock('AAAA', 'x', 1), late);
    await assert.rejects(container.getBlockBlobClient('x.csv').commitBlockList([]), late);
    assert.equal((await server.readBack(uploadId)).get('School.csv')?.toString(), 'sealed');

    const next = await server.uploadUrl(profileId);
    assert.notEqual(next.uploadId, uploadId);
    await new ContainerClient(next.url).getBlockBlobClient('School.csv').uploadData(Buffer.from('next'));
    const nextContents = await server.readBack(await server.seal(profileId));
    assert.equal(nextContents.get('School.csv')?.toString(), 'next');
  });
});

function* cut(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
