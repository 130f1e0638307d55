import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import * as fc from 'fast-check';

import { OperationalError } from '#lib/errors.ts';
import type { ByteRange } from './file-store.ts';
import { FileTooLargeError } from './file-store-errors.ts';
import { openLocalFileStore } from './local-file-store.ts';
import { HEADER_BYTES, RECORD_BYTES, TAG_BYTES } from './record-cipher.ts';

const SMALL = 64;
const STRIDE = SMALL + TAG_BYTES;
const NO_LIMIT = { maxSizeBytes: Number.MAX_SAFE_INTEGER };

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollbook-files-'));
});
after(() => rm(directory, { recursive: true, force: true }));

const store = (recordBytes?: number) =>
  openLocalFileStore(recordBytes === undefined ? { directory } : { directory, recordBytes });
const pathOf = (objectName: string): string => join(directory, objectName.slice(-2), objectName);

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(parts: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

async function writeSmall(sizeBytes: number, key = randomBytes(32)) {
  const objectName = randomUUID();
  const plain = randomBytes(sizeBytes);
  await store(SMALL).write(objectName, pieces(plain, 50), key, NO_LIMIT);
  return { objectName, plain, key, path: pathOf(objectName) };
}

const damaged = (error: unknown): boolean =>
  error instanceof OperationalError && error.code === 'UploadBytesDamaged';

describe('a stored object', () => {
  test('comes back as it was written, whatever its size and the size of the pieces', async () => {
    const key = randomBytes(32);
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 0, maxLength: SMALL * 4 }),
        fc.integer({ min: 1, max: SMALL * 3 }),
        async (plain, pieceSize) => {
          const objectName = randomUUID();
          const written = await store(SMALL).write(objectName, pieces(plain, pieceSize), key, NO_LIMIT);
          assert.equal(written.sizeBytes, plain.length);
          assert.deepEqual(written.sha256, createHash('sha256').update(plain).digest());
          assert.deepEqual(written.md5, createHash('md5').update(plain).digest());
          assert.deepEqual(await collect(store().read(objectName, key)), Buffer.from(plain));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('of exactly one and two records, and one byte more or less', async () => {
    for (const size of [0, 1, SMALL - 1, SMALL, SMALL + 1, 2 * SMALL, 2 * SMALL + 1]) {
      const { objectName, plain, key } = await writeSmall(size);
      assert.deepEqual(await collect(store().read(objectName, key)), plain, String(size));
    }
  });

  test('can be read in part', async () => {
    const { objectName, plain, key } = await writeSmall(5 * SMALL + 7);
    const ranges: ByteRange[] = [
      { start: 0, sizeBytes: 0 },
      { start: 0, sizeBytes: SMALL },
      { start: 10, sizeBytes: 1 },
      { start: SMALL - 1, sizeBytes: 2 },
      { start: SMALL, sizeBytes: 3 * SMALL },
      { start: 5 * SMALL, sizeBytes: 7 },
      { start: 0, sizeBytes: plain.length },
    ];
    for (const range of ranges) {
      const expected = plain.subarray(range.start, range.start + range.sizeBytes);
      assert.deepEqual(await collect(store().read(objectName, key, range)), expected, JSON.stringify(range));
    }
    const beyond = { start: 5 * SMALL, sizeBytes: 8 };
    await assert.rejects(collect(store().read(objectName, key, beyond)), damaged);
  });

  test('of several full-size records comes back, and its file holds nothing of it', async () => {
    const objectName = randomUUID();
    const key = randomBytes(32);
    const plain = Buffer.alloc(3 * RECORD_BYTES + 5, 'SIS ID,Name\n');
    await store().write(objectName, pieces(plain, 65_536), key, NO_LIMIT);
    assert.deepEqual(await collect(store().read(objectName, key)), plain);
    assert.equal((await readFile(pathOf(objectName))).includes('SIS ID'), false);
  });
});

describe('damage is found', () => {
  test('wherever a bit is flipped', async () => {
    const { objectName, key, path } = await writeSmall(3 * SMALL - 4);
    const sealed = await readFile(path);
    const regions: Record<string, number> = {
      magic: 0,
      version: 11,
      'record size': 14,
      salt: 20,
      'first record': HEADER_BYTES,
      'first tag': HEADER_BYTES + SMALL,
      'middle record': HEADER_BYTES + STRIDE + 3,
      'last record': HEADER_BYTES + 2 * STRIDE + 1,
      'last tag': sealed.length - 1,
    };
    for (const [region, at] of Object.entries(regions)) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(path, changed);
      await assert.rejects(collect(store().read(objectName, key)), damaged, region);
    }
    await writeFile(path, sealed);
    await collect(store().read(objectName, key));
  });

  test('when the object is cut anywhere, the borders of records included', async () => {
    const { objectName, key, path } = await writeSmall(4 * SMALL);
    const whole = HEADER_BYTES + 4 * STRIDE;
    const cuts = [0, 10, HEADER_BYTES, HEADER_BYTES + 5, whole - 1, whole - TAG_BYTES];
    for (const size of [...cuts, whole - STRIDE, whole - 2 * STRIDE, whole - 3 * STRIDE].sort(
      (a, b) => b - a,
    )) {
      await truncate(path, size);
      await assert.rejects(collect(store().read(objectName, key)), damaged, String(size));
    }
  });

  test('when something is appended', async () => {
    const { objectName, key, path } = await writeSmall(2 * SMALL);
    const sealed = await readFile(path);
    for (const extra of [Buffer.alloc(1), Buffer.alloc(TAG_BYTES), sealed.subarray(HEADER_BYTES)]) {
      await writeFile(path, Buffer.concat([sealed, extra]));
      await assert.rejects(collect(store().read(objectName, key)), damaged, String(extra.length));
    }
  });

  test('when records change places', async () => {
    const { objectName, key, path } = await writeSmall(3 * SMALL);
    const sealed = await readFile(path);
    const record = (index: number) =>
      sealed.subarray(HEADER_BYTES + index * STRIDE, HEADER_BYTES + (index + 1) * STRIDE);
    const header = sealed.subarray(0, HEADER_BYTES);
    for (const order of [
      [1, 0, 2],
      [0, 0, 2],
      [0, 2, 1],
      [0, 2],
    ]) {
      await writeFile(path, Buffer.concat([header, ...order.map(record)]));
      await assert.rejects(collect(store().read(objectName, key)), damaged, order.join());
    }
  });

  test('when another object of the same key stands in its place, or lends a record', async () => {
    const key = randomBytes(32);
    const one = await writeSmall(2 * SMALL, key);
    const other = await writeSmall(2 * SMALL, key);
    const [sealedOne, sealedOther] = [await readFile(one.path), await readFile(other.path)];
    await writeFile(one.path, sealedOther);
    await assert.rejects(collect(store().read(one.objectName, key)), damaged);
    const lent = Buffer.from(sealedOne);
    sealedOther.copy(lent, HEADER_BYTES, HEADER_BYTES, HEADER_BYTES + STRIDE);
    await writeFile(one.path, lent);
    await assert.rejects(collect(store().read(one.objectName, key)), damaged);
  });

  test('when the key is another', async () => {
    const { objectName } = await writeSmall(10);
    await assert.rejects(collect(store().read(objectName, randomBytes(32))), damaged);
  });

  test('when the object is gone', async () => {
    await assert.rejects(collect(store().read(randomUUID(), randomBytes(32))), {
      code: 'UploadBytesMissing',
    });
  });
});

describe('a write that fails', () => {
  test('leaves nothing behind when the stream breaks', async () => {
    const objectName = randomUUID();
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield randomBytes(3 * SMALL);
      throw new Error('the client went away');
    }
    await assert.rejects(store(SMALL).write(objectName, broken(), randomBytes(32), NO_LIMIT), /went away/);
    await assertAbsent(objectName);
  });

  test('leaves nothing behind when there is one byte too many', async () => {
    const objectName = randomUUID();
    const write = (sizeBytes: number) =>
      store(SMALL).write(objectName, pieces(randomBytes(sizeBytes), 7), randomBytes(32), {
        maxSizeBytes: 100,
      });
    await assert.rejects(write(101), FileTooLargeError);
    await assertAbsent(objectName);
    assert.equal((await write(100)).sizeBytes, 100);
  });

  async function assertAbsent(objectName: string): Promise<void> {
    assert.equal((await readdir(directory, { recursive: true })).join().includes(objectName), false);
  }
});

test('list names what is there, remove takes it away, twice if need be', async () => {
  const { objectName } = await writeSmall(10);
  const names = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const object of store().list()) found.push(object.objectName);
    return found;
  };
  assert.ok((await names()).includes(objectName));
  await store().remove(objectName);
  await store().remove(objectName);
  assert.equal((await names()).includes(objectName), false);
});

test('a place that cannot be read is no missing object: whoever reads is to come back', async () => {
  const { objectName, key, path } = await writeSmall(10);
  await rm(path);
  await symlink(path, path);
  const refused = { code: 'StorageUnavailable', retry: 'retry' };
  await assert.rejects(collect(store().read(objectName, key)), refused);
  await assert.rejects(async () => {
    for await (const _ of store().list());
  }, refused);
  await rm(path);
  await assert.rejects(collect(store().read(objectName, key)), { code: 'UploadBytesMissing' });
});

test('an unfinished object is removed once nothing has touched it for a while', async () => {
  const draft = join(directory, 'unfinished', randomUUID());
  await writeFile(draft, 'half');
  for await (const { objectName } of store().list())
    assert.ok(!draft.endsWith(objectName), 'it is no object');
  assert.equal(await store().removeUnfinished(new Date(Date.now() - 60_000)), 0);
  await utimes(draft, new Date(0), new Date(0));
  assert.equal(await store().removeUnfinished(new Date(Date.now() - 60_000)), 1);
});

test('a name that is no UUID is a bug, not a path', async () => {
  await assert.rejects(store().remove('../../etc/passwd'), { name: 'BugError' });
});
