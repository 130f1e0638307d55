import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { MAY_MOUNT, mountSmallDisk } from '#test/helpers/small-disk.ts';
import { preparedSnapshot } from './prepared-snapshot.ts';
import { KEPT, RecordIndex, SEEN } from './record-index.ts';
import {
  nextSnapshotPath,
  readSnapshot,
  removeNextSnapshots,
  type SnapshotPlace,
  snapshotPath,
  writeSnapshot,
} from './snapshot-file.ts';

const directory = await mkdtemp(join(tmpdir(), 'rollbook-snapshot-'));
after(() => rm(directory, { recursive: true, force: true }));

let place: SnapshotPlace;
const runId = realSystem.newId();
const head = { generation: 5, runId, fingerprint: 'ab'.repeat(16) };
let index: RecordIndex;

beforeEach(() => {
  place = { directory, tenantId: realSystem.newId(), sourceSystemId: realSystem.newId() };
});
before(() => {
  index = new RecordIndex();
  for (let i = 0; i < 5_000; i += 1)
    index.add(keyOf(i), Int32Array.of(i, -i), i % 10, i % 2 === 0 ? SEEN : KEPT);
});

function keyOf(number: number): Int32Array {
  const digest = createHash('sha256').update(String(number)).digest();
  return new Int32Array(Array.from({ length: 4 }, (_, i) => digest.readInt32LE(i * 4)));
}

const write = (path = snapshotPath(place)): Promise<void> =>
  writeSnapshot(path, place, head, index, (entry) => entry % 3 !== 0);

test('what is written is read back: keys, contents, codes, in order, without flags', async () => {
  await write();
  const found = await readSnapshot(snapshotPath(place), place);
  assert.deepEqual(found?.head, head);
  assert.equal(found.index.size, 3333);
  for (let i = 0; i < 5_000; i += 1) {
    const entry: number = found.index.find(keyOf(i));
    assert.equal(entry === -1, i % 3 === 0);
    if (entry === -1) continue;
    assert.equal(found.index.uuid(entry), index.uuid(i));
    assert.equal(found.index.contentNumber(entry), index.contentNumber(i));
    assert.deepEqual([found.index.code(entry), found.index.flags(entry)], [i % 10, 0]);
  }
  assert.deepEqual(await readdir(join(directory, place.tenantId)), [`${place.sourceSystemId}.snapshot`]);
});

test('an empty one too', async () => {
  await writeSnapshot(snapshotPath(place), place, head, new RecordIndex(), () => true);
  assert.equal((await readSnapshot(snapshotPath(place), place))?.index.size, 0);
});

test('none, or another source system: null', async () => {
  assert.equal(await readSnapshot(snapshotPath(place), place), null);
  await write();
  assert.equal(
    await readSnapshot(snapshotPath(place), { ...place, sourceSystemId: realSystem.newId() }),
    null,
  );
});

test('whatever byte is changed, or wherever it is cut: null', async () => {
  await write();
  const path = snapshotPath(place);
  const bytes = await readFile(path);
  for (const at of [0, 9, 17, 40, 70, 101, 150, 200, 5_000, bytes.length - 1]) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await writeFile(path, changed);
    assert.equal(await readSnapshot(path, place), null, `byte ${at}`);
  }
  for (const size of [0, 8, 100, 180, 1_000, bytes.length - 1]) {
    await writeFile(path, bytes.subarray(0, size));
    assert.equal(await readSnapshot(path, place), null, `cut at ${size}`);
  }
  await writeFile(path, bytes);
  assert.notEqual(await readSnapshot(path, place), null);
});

test('a prepared one is promoted by its own run alone, with the generation it turned out to be', async () => {
  await write(nextSnapshotPath(place, runId, 3));
  await preparedSnapshot(place, runId).promote(9);
  assert.equal(await readSnapshot(snapshotPath(place), place), null, 'no plan was made of it yet');
  await preparedSnapshot(place, runId).confirm(2);
  await preparedSnapshot(place, realSystem.newId()).confirm(3);
  await preparedSnapshot(place, runId).promote(9);
  assert.equal(await readSnapshot(snapshotPath(place), place), null, 'the plan is of another stage, or run');
  await preparedSnapshot(place, runId).confirm(3);
  await preparedSnapshot(place, realSystem.newId()).promote(9);
  assert.equal(await readSnapshot(snapshotPath(place), place), null);
  await preparedSnapshot(place, runId).promote(9);
  const found = await readSnapshot(snapshotPath(place), place);
  assert.equal(found?.head.generation, 9);
  assert.equal(await readSnapshot(nextSnapshotPath(place, runId), place), null);
  await preparedSnapshot(place, runId).promote(10);
  assert.equal((await readSnapshot(snapshotPath(place), place))?.head.generation, 9);
});

test('what cannot be read is no snapshot, and no error', async () => {
  await mkdir(snapshotPath(place), { recursive: true });
  assert.equal(await readSnapshot(snapshotPath(place), place), null);
  await preparedSnapshot(place, runId).discard();
});

test('a stage removes what other runs prepared', async () => {
  await write();
  await write(nextSnapshotPath(place, realSystem.newId()));
  await write(nextSnapshotPath(place, realSystem.newId(), 2));
  await removeNextSnapshots(place);
  assert.deepEqual(await readdir(join(directory, place.tenantId)), [`${place.sourceSystemId}.snapshot`]);
});

test('discarding takes the current one too: it may be stale', async () => {
  await write();
  await write(nextSnapshotPath(place, runId));
  await preparedSnapshot(place, runId).discard();
  assert.deepEqual(await readdir(join(directory, place.tenantId)), []);
  await preparedSnapshot(place, runId).discard();
});

// Where it cannot be mounted, test/scenarios/disk-full.test.ts says so.
if (MAY_MOUNT)
  test('a snapshot whose records find no room on a disk is not taken for a broken one', async () => {
    const many = new RecordIndex();
    // More than the pages that are kept in memory.
    for (let i = 0; i < 200_000; i += 1)
      many.add(Int32Array.of(Math.imul(i, 0x9e3779b1), i, i, 7), Int32Array.of(i, -i), 1, SEEN);
    await writeSnapshot(snapshotPath(place), place, head, many, () => true);
    const disk = await mountSmallDisk(16);
    const read = (): ReturnType<typeof readSnapshot> =>
      readSnapshot(snapshotPath(place), place, { directory: disk.path, recordsInMemory: 10 });
    try {
      await disk.fill();
      await assert.rejects(read(), { code: 'ENOSPC' });
      await disk.makeRoom();
      const found = await read();
      assert.equal(found?.index.size, 200_000);
      found.index.close();
    } finally {
      await disk.close();
    }
  });
