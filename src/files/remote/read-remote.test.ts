import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { storeError } from '../file-store-errors.ts';
import type { ObjectBucket } from './object-bucket.ts';
import { readRemote } from './read-remote.ts';
import { remoteFileStore } from './remote-file-store.ts';

const KEY = randomBytes(32);
const NO_LIMIT = { maxSizeBytes: Number.MAX_SAFE_INTEGER };

/** A bucket in memory whose answers a test can spoil. */
function memoryBucket(spoil: (call: number, bytes: Buffer) => Buffer | Error) {
  const objects = new Map<string, Buffer>();
  const fetched: [start: number, end: number][] = [];
  const nothing = (): Promise<void> => Promise.resolve();
  const bucket: ObjectBucket = {
    putWhole(name, bytes) {
      objects.set(name, Buffer.from(bytes));
      return Promise.resolve();
    },
    beginParts: () => Promise.reject(new Error('only small objects here')),
    fetch(name, start, end) {
      const object = objects.get(name) ?? Buffer.alloc(0);
      fetched.push([start, end]);
      const answer = spoil(fetched.length, object.subarray(start, end));
      if (answer instanceof Error) return Promise.reject(answer);
      const given: Buffer = answer;
      async function* bytes(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < given.length; at += 100) yield given.subarray(at, at + 100);
        if (given.length < object.subarray(start, end).length)
          throw Object.assign(new Error('https://storage.example/?sig=hunter2'), { code: 'ECONNRESET' });
      }
      return Promise.resolve({ totalBytes: object.length, bytes: bytes() });
    },
    remove: nothing,
    list: async function* () {},
    removeUnfinished: () => Promise.resolve(0),
  };
  const shorten = (name: string, sizeBytes: number): void =>
    void objects.set(name, (objects.get(name) ?? Buffer.alloc(0)).subarray(0, sizeBytes));
  return { bucket, fetched, shorten };
}

async function* one(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function collect(parts: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

async function stored(bucket: ObjectBucket, plain: Buffer): Promise<string> {
  const name = randomUUID();
  await remoteFileStore(() => Promise.resolve(bucket), { recordBytes: 64 }).write(
    name,
    one(plain),
    KEY,
    NO_LIMIT,
  );
  return name;
}

test('an answer that breaks is asked for again from where it was, as often as it brings something', async () => {
  const { bucket, fetched } = memoryBucket((call, bytes) => (call === 1 ? bytes : bytes.subarray(0, 250)));
  const plain = randomBytes(1_500);
  const name = await stored(bucket, plain);
  assert.ok(plain.equals(await collect(readRemote(bucket, name, KEY, undefined))));
  assert.ok(fetched.length > 6);
  for (const [index, [start]] of fetched.entries())
    if (index > 1) assert.equal(start, (fetched[index - 1]?.[0] ?? 0) + 250);
});

test('a storage that brings nothing any more is given up, in words that hold no address', async () => {
  const { bucket } = memoryBucket((call, bytes) => (call === 1 ? bytes : bytes.subarray(0, 0)));
  const name = await stored(bucket, randomBytes(500));
  await assert.rejects(collect(readRemote(bucket, name, KEY, undefined)), (error: Error) => {
    assert.match(error.message, /does not answer as it should \(ECONNRESET\)/);
    assert.equal(`${error.stack}`.includes('hunter2'), false);
    return true;
  });
});

test('what the storage itself refuses is not asked for again', async () => {
  const { bucket, fetched } = memoryBucket(() => storeError('refused', '', 'AccessDenied'));
  await assert.rejects(collect(readRemote(bucket, randomUUID(), KEY, undefined)), { code: 'StorageRefused' });
  assert.equal(fetched.length, 1);
});

test('an object that was exchanged for a shorter one while it is read is damaged, not at its end', async () => {
  const { bucket, shorten } = memoryBucket((_, bytes) => bytes);
  const name = await stored(bucket, randomBytes(500));
  const reading = readRemote(
    {
      ...bucket,
      fetch(...input) {
        const answer = bucket.fetch(...input);
        shorten(name, 32 + 80 * 3);
        return answer;
      },
    },
    name,
    KEY,
    { start: 0, sizeBytes: 400 },
  );
  await assert.rejects(collect(reading), { code: 'UploadBytesDamaged' });
});

test('a write in parts that fails gives up its parts and what may be there of the object', async () => {
  for (const failing of ['put', 'finish'] as const) {
    const done: string[] = [];
    const { bucket } = memoryBucket((_, bytes) => bytes);
    const fail = (what: 'put' | 'finish'): Promise<void> =>
      what === failing ? Promise.reject(storeError('away', '', 'Timeout')) : Promise.resolve();
    const store = remoteFileStore(
      () =>
        Promise.resolve({
          ...bucket,
          beginParts: () =>
            Promise.resolve({
              put: () => fail('put'),
              finish: () => fail('finish'),
              abandon() {
                done.push('abandoned');
                return Promise.resolve();
              },
            }),
          remove(name) {
            done.push(`removed ${name}`);
            return Promise.resolve();
          },
        }),
      { recordBytes: 64, partBytes: 200 },
    );
    const name = randomUUID();
    const write = store.write(name, one(randomBytes(1_000)), KEY, NO_LIMIT);
    await assert.rejects(write, { code: 'StorageUnavailable' });
    assert.deepEqual(done, ['abandoned', `removed ${name}`], failing);
  }
});
