import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { RECORD_WORDS } from '#core/roster/record-codes.ts';
import { ADDED, KEPT, RecordIndex, SEEN } from './record-index.ts';

const directory = await mkdtemp(join(tmpdir(), 'rollbook-records-'));
after(() => rm(directory, { recursive: true, force: true }));

const CONTENT = new Int32Array([1, 2]);
/** As evenly spread as hashes are. */
const keyOf = (number: number): Int32Array =>
  new Int32Array([Math.imul(number, 0x9e3779b1), number, -number, 7]);

for (const [where, recordsInMemory] of [
  ['in memory', Infinity],
  ['on a disk', 0],
  ['in memory, and then on a disk', 50_000],
] as const) {
  const open = (): RecordIndex => new RecordIndex(0, { directory, recordsInMemory });

  test(`${where}: keys are found in any order, however many came at once or one by one`, () => {
    const index = open();
    const many = 250_000;
    for (let number = 0; number < many; number += 1) index.add(keyOf(number), CONTENT, 1, 0);
    for (let number = many - 1; number >= 0; number -= 7) assert.equal(index.find(keyOf(number)), number);
    for (let number = many; number < many + 500; number += 1) {
      assert.equal(index.find(keyOf(number)), -1);
      assert.equal(index.add(keyOf(number), CONTENT, 1, 0), number);
      assert.equal(index.find(keyOf(number - 499)), number - 499);
    }
    // More than half as many again: the slots are made anew.
    for (let number = many + 500; number < 2 * many; number += 1) index.add(keyOf(number), CONTENT, 1, 0);
    for (const number of [0, 1, many - 1, many, many + 499, 2 * many - 1])
      assert.equal(index.find(keyOf(number)), number);
    assert.equal(index.find(keyOf(2 * many)), -1);
    index.close();
  });

  test(`${where}: an index that was filled in one piece finds what is behind and before what it found last`, () => {
    const words = new Int32Array(300_000 * RECORD_WORDS);
    for (let number = 0; number < 300_000; number += 1) words.set(keyOf(number), number * RECORD_WORDS);
    const index = open();
    index.addAll(words);
    for (const number of [0, 1, 2, 299_999, 3, 4, 4, 150_000])
      assert.equal(index.find(keyOf(number)), number);
    assert.equal(index.find(keyOf(300_000)), -1);
    index.close();
  });

  test(`${where}: what is said of records stays with them, also of more than are in memory at once`, async () => {
    const index = open();
    // 128 pages of 1,024 records have room.
    const many = 200_000;
    for (let number = 0; number < many; number += 1)
      index.add(keyOf(number), Int32Array.of(number, -number), number % 10, ADDED, number % 3);
    const contentNumber = index.contentNumber(99);
    const step = 1999;
    for (let number = 0; number < many; number += step) {
      index.setContent(number, Int32Array.of(5, number));
      index.describe(number, 200);
      index.addFlags(number, number % 2 === 0 ? SEEN : KEPT);
    }
    assert.equal(index.contentNumber(99), contentNumber);
    for (let number = 0; number < many; number += 1) {
      const isStep = number % step === 0;
      const at = index.locate(number);
      const described = isStep ? 200 : number % 3;
      if (
        index.words[at + 1] !== number ||
        !index.hasContent(number, isStep ? Int32Array.of(5, number) : Int32Array.of(number, -number)) ||
        index.code(number) !== number % 10 ||
        index.described(number) !== described ||
        index.flags(number) !== (ADDED | (isStep ? (number % 2 === 0 ? SEEN : KEPT) : 0))
      )
        assert.fail(`record ${number} is another one`);
    }
    const seen: number[] = [];
    for (const part of index.recordsInParts((entry) => (index.flags(entry) & SEEN) !== 0, 7))
      for (let at = 0; at < part.length; at += RECORD_WORDS) seen.push(part[at + 1] as number);
    assert.deepEqual(
      seen,
      Array.from({ length: Math.ceil(many / step) }, (_, i) => i * step).filter((number) => number % 2 === 0),
    );
    // Whatever becomes of the process, nothing is left of it.
    assert.deepEqual(await readdir(directory), []);
    index.close();
  });
}

test('of more records than memory holds by far, none wait there until it is full', () => {
  const index = new RecordIndex(0, { directory, recordsInMemory: 1_000 });
  for (let number = 0; number < 300; number += 1) index.add(keyOf(number), CONTENT, 1, SEEN);
  index.expect(800);
  assert.notEqual(index.inMemory, null, 'an estimate is no more than that');
  index.expect(2_000);
  assert.equal(index.inMemory, null);
  for (let number = 300; number < 2_500; number += 1) index.add(keyOf(number), CONTENT, 1, 0);
  for (const number of [0, 299, 300, 2_499]) assert.equal(index.find(keyOf(number)), number);
  assert.equal(index.flags(299), SEEN);
  index.close();
});
