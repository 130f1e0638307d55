import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RecordIndex } from './record-index.ts';

const CONTENT = new Int32Array([1, 2]);
/** As evenly spread as hashes are. */
const keyOf = (number: number): Int32Array =>
  new Int32Array([Math.imul(number, 0x9e3779b1), number, -number, 7]);

test('keys are found in any order, however many came at once or one by one', () => {
  const index = new RecordIndex();
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
});

test('an index that was filled in one piece finds what is behind and before what it found last', () => {
  const words = new Int32Array(300_000 * 7);
  for (let number = 0; number < 300_000; number += 1) words.set(keyOf(number), number * 7);
  const index = new RecordIndex(0);
  index.addAll(words);
  for (const number of [0, 1, 2, 299_999, 3, 4, 4, 150_000]) assert.equal(index.find(keyOf(number)), number);
  assert.equal(index.find(keyOf(300_000)), -1);
});
