import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatDate, readDate } from './calendar-date.ts';

const read = (text: string): number => {
  const bytes = Buffer.from(`,${text},`);
  return readDate(bytes, 1, bytes.length - 1);
};

const cases: [text: string, date: number][] = [
  ['2026-08-01', 20_260_801],
  ['20260801', 20_260_801],
  ['8/1/2026', -20_260_801],
  ['08/01/2026', -20_260_801],
  ['12/31/1999', -19_991_231],
  ['2024-02-29', 20_240_229],
  ['2000-02-29', 20_000_229],
  ['1900-02-29', 0],
  ['2023-02-29', 0],
  ['2026-13-01', 0],
  ['2026-00-10', 0],
  ['2026-04-31', 0],
  ['31/12/1999', 0],
  ['2026-8-1', 0],
  ['26-08-01', 0],
  ['8/1/26', 0],
  ['8-1-2026', 0],
  ['2026/08/01', 0],
  ['2026080', 0],
  ['2026-08-01T00:00', 0],
  ['//2026', 0],
  ['1//2026', 0],
  ['0001-01-01', 0],
  ['１２３４', 0],
  ['soon', 0],
  ['x', 0],
];

for (const [text, date] of cases) {
  test(`${text} is ${date === 0 ? 'no date' : formatDate(date)}`, () => assert.equal(read(text), date));
}

test('dates are written as YYYY-MM-DD', () => {
  assert.equal(formatDate(20_260_801), '2026-08-01');
  assert.equal(formatDate(-10_000_101), '1000-01-01');
});

test('agrees with the calendar of JavaScript', () => {
  for (let day = Date.UTC(1999, 0, 1); day < Date.UTC(2005, 0, 1); day += 86_400_000) {
    const text = new Date(day).toISOString().slice(0, 10);
    assert.equal(formatDate(read(text)), text);
  }
});
