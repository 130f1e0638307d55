import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NameTable, NOBODYS } from './name-table.ts';

/** Names whose first word is the same for a hundred of them. */
const wordsOf = (number: number): Int32Array => Int32Array.of(9, 9, Math.floor(number / 100), number);

test('a name is of the first who takes it, however many there are', () => {
  const table = new NameTable(10);
  const many = 5_000;
  for (let number = 0; number < many; number += 1) {
    assert.equal(table.find(wordsOf(number), 2), NOBODYS);
    assert.equal(table.take(wordsOf(number), 2, number + 3), number + 3);
  }
  for (let number = 0; number < many; number += 1) {
    assert.equal(table.take(wordsOf(number), 2, 1), number + 3);
    assert.equal(table.find(wordsOf(number), 2), number + 3);
  }
  assert.equal(table.find(wordsOf(many), 2), NOBODYS);
});

test('room that is made beforehand, or was there already, changes nothing', () => {
  const table = new NameTable(10);
  for (let number = 0; number < 9; number += 1) table.take(wordsOf(number), 2, number);
  for (const names of [5, 20_000, 100]) table.reserve(names);
  for (let number = 9; number < 9_000; number += 1) table.take(wordsOf(number), 2, number);
  for (let number = 0; number < 9_000; number += 1) assert.equal(table.find(wordsOf(number), 2), number);
});
