import assert from 'node:assert/strict';
import { test } from 'node:test';

import { IdTable, PRESENT, UNKNOWN } from './id-table.ts';

const add = (table: IdTable, text: string): number => {
  const bytes = Buffer.from(`<${text}>`);
  return table.add(bytes, 1, bytes.length - 1);
};
const find = (table: IdTable, text: string): number => {
  const bytes = Buffer.from(text);
  return table.find(bytes, 0, bytes.length);
};

test('numbers ids in the order they come, and finds them again however many there are', () => {
  const table = new IdTable(12_345);
  const ids = Array.from({ length: 20_000 }, (_, i) => (i % 3 === 0 ? `Zoë-${i}` : String(i)));
  for (const [index, id] of ids.entries()) assert.equal(add(table, id), index);
  for (const [index, id] of ids.entries()) {
    assert.equal(find(table, id), index);
    assert.equal(table.text(index), id);
    assert.equal(table.states[index], UNKNOWN);
    assert.equal(table.entries[index], -1);
  }
  assert.equal(add(table, '1'), 1);
  assert.equal(table.size, ids.length);
  for (const absent of ['', 'x', '20000', 'zoë-0']) assert.equal(find(table, absent), -1);
});

test('an empty and a long id are ids too', () => {
  const table = new IdTable(0);
  const long = 'x'.repeat(100_000);
  assert.equal(add(table, ''), 0);
  assert.equal(add(table, long), 1);
  assert.equal(find(table, ''), 0);
  assert.equal(table.text(1), long);
});

test('room that is made beforehand, or was there already, changes nothing', () => {
  const table = new IdTable(7, 2_000);
  for (const expected of [10, 3_000, 40_000, 0]) {
    for (let i = 0; i < 500; i += 1) add(table, `id ${i} of ${expected}`);
    table.states[table.size - 1] = PRESENT;
    table.reserve(expected);
    assert.equal(table.states[table.size - 1], PRESENT);
  }
  assert.equal(table.states.length, 40_000);
  for (let i = table.size; i < 50_000; i += 1) assert.equal(add(table, String(i)), i);
  assert.equal(find(table, 'id 499 of 10'), 499);
  assert.equal(table.text(501), 'id 1 of 3000');
  assert.equal(table.text(49_999), '49999');
});
