/** Every store of uploads keeps the same promises: on the disk, in an S3-compatible storage, in Azure Blob Storage. */
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { OperationalError } from '#lib/errors.ts';
import { startAzurite, startS3Server } from '#test/helpers/object-servers.ts';
import type { ByteRange, FileStore } from '../../src/files/file-store.ts';
import { FileTooLargeError } from '../../src/files/file-store-errors.ts';
import { openLocalFileStore } from '../../src/files/local-file-store.ts';
import { openAzureBucket } from '../../src/files/remote/azure-bucket.ts';
import type { ObjectBucket } from '../../src/files/remote/object-bucket.ts';
import { remoteFileStore } from '../../src/files/remote/remote-file-store.ts';
import { openS3Bucket } from '../../src/files/remote/s3-bucket.ts';

const RECORD = 64 * 1024;
/** The least that S3 takes for a part that is not the last. */
const PART = 5 * 1024 * 1024;
const NO_LIMIT = { maxSizeBytes: Number.MAX_SAFE_INTEGER };

interface Place {
  readonly store: FileStore;
  /** Where the same objects can be damaged; none on the disk, whose own test does that. */
  readonly bucket?: ObjectBucket;
  close(): Promise<void>;
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  async disk() {
    const home = await mkdtemp(join(tmpdir(), 'rollbook-store-'));
    return {
      store: openLocalFileStore({ directory: join(home, 'uploads'), recordBytes: RECORD }),
      close: () => rm(home, { recursive: true, force: true }),
    };
  },
  async S3() {
    const server = await startS3Server();
    return remote(await openS3Bucket(server.options), server.close);
  },
  async Azure() {
    const server = await startAzurite();
    return remote(await openAzureBucket(server.options), server.close);
  },
};

function remote(bucket: ObjectBucket, close: () => Promise<void>): Place {
  const store = remoteFileStore(() => Promise.resolve(bucket), { recordBytes: RECORD, partBytes: PART });
  return { store, bucket, close };
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(parts: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

for (const [name, open] of Object.entries(PLACES)) {
  describe(name, () => {
    let place: Place;
    before(async () => {
      place = await open();
    });
    after(() => place.close());

    const names = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const { objectName } of place.store.list()) found.push(objectName);
      return found;
    };
    const write = async (plain: Buffer, key: Buffer): Promise<string> => {
      const objectName = randomUUID();
      const written = await place.store.write(objectName, pieces(plain, 70_001), key, NO_LIMIT);
      assert.equal(written.sizeBytes, plain.length);
      assert.deepEqual(written.sha256, createHash('sha256').update(plain).digest());
      assert.deepEqual(written.md5, createHash('md5').update(plain).digest());
      return objectName;
    };

    test('it is there and lets us in; it belongs to who claims it first, and to who takes it from there', async () => {
      const [first, second] = [randomUUID(), randomUUID()];
      await place.store.claim({ installationId: first, replaces: undefined });
      await place.store.claim({ installationId: first, replaces: undefined });
      const takes = place.store.claim({ installationId: second, replaces: randomUUID() });
      await assert.rejects(takes, { code: 'StorageOfAnother' });
      await place.store.claim({ installationId: second, replaces: first });
    });

    test('an object comes back as it was written, whatever its size', async () => {
      for (const size of [0, 1, RECORD, RECORD + 1, PART - 300, PART, 2 * PART + 12_345]) {
        const plain = randomBytes(size);
        const key = randomBytes(32);
        const objectName = await write(plain, key);
        assert.ok(plain.equals(await collect(place.store.read(objectName, key))), `${size} bytes`);
      }
    });

    test('a part of it can be read', async () => {
      const plain = randomBytes(5 * RECORD + 7);
      const key = randomBytes(32);
      const objectName = await write(plain, key);
      const ranges: ByteRange[] = [
        { start: 0, sizeBytes: 0 },
        { start: 10, sizeBytes: 1 },
        { start: RECORD - 1, sizeBytes: 2 },
        { start: RECORD, sizeBytes: 3 * RECORD },
        { start: 5 * RECORD, sizeBytes: 7 },
      ];
      for (const range of ranges) {
        const expected = plain.subarray(range.start, range.start + range.sizeBytes);
        assert.ok(
          expected.equals(await collect(place.store.read(objectName, key, range))),
          JSON.stringify(range),
        );
      }
      const beyond = { start: 5 * RECORD, sizeBytes: 8 };
      await assert.rejects(collect(place.store.read(objectName, key, beyond)), {
        code: 'UploadBytesDamaged',
      });
    });

    test('another key opens nothing, and what is not there is missing', async () => {
      const objectName = await write(randomBytes(100), randomBytes(32));
      const other = collect(place.store.read(objectName, randomBytes(32)));
      await assert.rejects(other, { code: 'UploadBytesDamaged' });
      await assert.rejects(collect(place.store.read(randomUUID(), randomBytes(32))), {
        code: 'UploadBytesMissing',
      });
    });

    test('a stream that breaks and one that is too large leave nothing, in one part or in several', async () => {
      for (const size of [10, 2 * PART]) {
        const objectName = randomUUID();
        async function* broken(): AsyncGenerator<Uint8Array> {
          yield randomBytes(size);
          throw new Error('the client went away');
        }
        await assert.rejects(place.store.write(objectName, broken(), randomBytes(32), NO_LIMIT), /went away/);
        const tooLarge = place.store.write(
          objectName,
          pieces(randomBytes(size + 1), 1_000_000),
          randomBytes(32),
          { maxSizeBytes: size },
        );
        await assert.rejects(tooLarge, FileTooLargeError);
        assert.equal((await names()).includes(objectName), false);
      }
    });

    test('objects are listed with their time and removed, twice if need be', async () => {
      const objectName = await write(randomBytes(10), randomBytes(32));
      for await (const object of place.store.list()) {
        if (object.objectName !== objectName) continue;
        assert.ok(object.sizeBytes > 10);
        assert.ok(Math.abs(object.modifiedAt.getTime() - Date.now()) < 3_600_000);
      }
      assert.ok((await names()).includes(objectName));
      await place.store.remove(objectName);
      await place.store.remove(objectName);
      assert.equal((await names()).includes(objectName), false);
      assert.equal(await place.store.removeUnfinished(new Date(0)), 0);
    });

    test('a reader that stops early and a name that is no UUID do no harm', async () => {
      const key = randomBytes(32);
      const objectName = await write(randomBytes(40 * RECORD), key);
      for await (const part of place.store.read(objectName, key)) {
        assert.ok(part.length > 0);
        break;
      }
      await assert.rejects(place.store.remove('../../etc/passwd'), { name: 'BugError' });
    });

    test('what the storage holds is encrypted, and what is changed there is found out', async () => {
      const { bucket } = place;
      if (bucket === undefined) return;
      const key = randomBytes(32);
      const plain = Buffer.alloc(3 * RECORD, 'SIS ID,Name\n');
      const objectName = await write(plain, key);
      const { bytes } = await bucket.fetch(objectName, 0, 10 * RECORD, new AbortController().signal);
      const stored: Uint8Array[] = [];
      for await (const chunk of bytes) stored.push(chunk);
      const sealed = Buffer.concat(stored);
      assert.equal(sealed.includes('SIS ID'), false);
      for (const damage of [sealed.subarray(0, -1), sealed.subarray(0, 10), flipped(sealed, 2 * RECORD)]) {
        await bucket.putWhole(objectName, Buffer.from(damage));
        await assert.rejects(collect(place.store.read(objectName, key)), { code: 'UploadBytesDamaged' });
      }
    });
  });
}

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

/** What a broken store says, and how: to be tried again, with words for the operator and without a secret. */
async function assertSays(store: FileStore, code: string, secret: string): Promise<void> {
  const attempts: (() => Promise<unknown>)[] = [
    () => store.claim({ installationId: randomUUID(), replaces: undefined }),
    () => store.write(randomUUID(), pieces(randomBytes(10), 5), randomBytes(32), NO_LIMIT),
    () => collect(store.read(randomUUID(), randomBytes(32))),
  ];
  for (const attempt of attempts) {
    await assert.rejects(attempt(), (error: unknown) => {
      assert.ok(error instanceof OperationalError);
      assert.equal(error.code, code, error.message);
      assert.equal(error.retry, 'retry');
      assert.equal(`${error.message}${error.stack}${String(error.cause)}`.includes(secret), false);
      return true;
    });
  }
}

test('S3: a missing bucket, wrong credentials and a storage that is down are told apart', async () => {
  const server = await startS3Server();
  const { options } = server;
  const secret = 'hunter2hunter2';
  const storeOf = (change: object): FileStore =>
    remoteFileStore(() => openS3Bucket({ ...options, ...change }));
  await assertSays(storeOf({ bucket: 'not-there' }), 'StorageBucketMissing', options.secretAccessKey ?? '');
  await assertSays(storeOf({ accessKeyId: 'SOMEBODY', secretAccessKey: secret }), 'StorageRefused', secret);
  await server.close();
  await assertSays(storeOf({ secretAccessKey: secret }), 'StorageUnavailable', secret);
});

test('Azure: a missing container, wrong credentials and a storage that is down are told apart', async () => {
  const server = await startAzurite();
  const { options } = server;
  const secret = Buffer.from('hunter2hunter2').toString('base64');
  const wrong = options.connection.replace(/AccountKey=[^;]+/, `AccountKey=${secret}`);
  const storeOf = (change: object): FileStore =>
    remoteFileStore(() => openAzureBucket({ ...options, ...change }));
  await assertSays(storeOf({ container: 'not-there' }), 'StorageBucketMissing', 'Eby8');
  await assertSays(storeOf({ connection: wrong }), 'StorageRefused', secret);
  await server.close();
  await assertSays(storeOf({ connection: wrong }), 'StorageUnavailable', secret);
});
