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
  return { bucket, fetched };
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
