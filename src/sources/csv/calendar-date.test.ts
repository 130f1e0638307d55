import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import {
  type DateOrder,
  FITS_DAY_FIRST,
  FITS_MONTH_FIRST,
  fittingOrders,
  formatDate,
  mayHoldDates,
  readDate,
} from './calendar-date.ts';

const read = (text: string, order: DateOrder = 'undecided'): number => {
  const bytes = Buffer.from(`,${text},`);
  return readDate(bytes, 1, bytes.length - 1, order);
};

const cases: [text: string, date: number, order?: DateOrder][] = [
  ['2026-08-01', 20_260_801],
  ['2026-08-01', 20_260_801, 'mixed'],
  ['20260801', 20_260_801],
  ['20260801', 20_260_801, 'dayFirst'],
  ['8/1/2026', 20_260_801],
  ['08/01/2026', 20_260_801],
  ['12/31/1999', 19_991_231],
  ['8/1/2026', 20_260_108, 'dayFirst'],
  ['8/1/2026', 0, 'mixed'],
  ['31/12/1999', 19_991_231, 'dayFirst'],
  ['31/12/1999', 0, 'monthFirst'],
  ['8.1.2026', 20_260_108],
  ['8.1.2026', 20_260_801, 'monthFirst'],
  ['31.12.1999', 19_991_231, 'dayFirst'],
  ['1. 8. 2026', 20_260_801],
  ['31. 12. 1999', 19_991_231, 'dayFirst'],
  ['8. 1. 2026', 20_260_801, 'monthFirst'],
  ['1. 8.2026', 0],
  ['1.8. 2026', 0],
  ['1.  8. 2026', 0],
  ['1/ 8/ 2026', 0],
  ['8-1-2026', 0],
  ['8-1-2026', 20_260_108, 'dayFirst'],
  ['08-01-2026', 20_260_801, 'monthFirst'],
  ['1-1-2026', 20_260_101, 'dayFirst'],
  ['2024-02-29', 20_240_229],
  ['29.2.2023', 0, 'dayFirst'],
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
  ['8/1.2026', 0, 'dayFirst'],
  ['8 1 2026', 0, 'dayFirst'],
  ['008/1/2026', 0, 'dayFirst'],
  ['8/001/2026', 0, 'dayFirst'],
  ['8/1/02026', 0, 'dayFirst'],
  ['2026/08/01', 0],
  ['2026080', 0],
  ['2026-08-01T00:00', 0],
  ['//2026', 0],
  ['1//2026', 0],
  ['/1/2026', 0],
  ['0001-01-01', 0],
  ['１２３４', 0],
  ['soon', 0],
  ['x', 0],
];

for (const [text, date, order = 'undecided'] of cases) {
  test(`${text} is ${date === 0 ? 'no date' : formatDate(date)} (${order})`, () =>
    assert.equal(read(text, order), date));
}

test('a value says which orders it is a date in', () => {
  const fits = (text: string): number => fittingOrders(Buffer.from(`9${text}9`), 1, text.length + 1);
  assert.equal(fits('8/1/2026'), FITS_MONTH_FIRST | FITS_DAY_FIRST);
  assert.equal(fits('8/13/2026'), FITS_MONTH_FIRST);
  assert.equal(fits('13.8.2026'), FITS_DAY_FIRST);
  assert.equal(fits('30-2-2026'), 0, 'no date in any order says nothing');
  assert.equal(fits('13/13/2026'), 0);
  assert.equal(fits('2026-08-13'), 0);
  assert.equal(fits('20260813'), 0);
});

test('dates are searched for in bytes: none is missed, ISO dates and telephone numbers are none', () => {
  const noise = fc.string({
    unit: fc.constantFrom('1', '20', 'a', ',', '-', '.', '/', '2026'),
    maxLength: 12,
  });
  const number = fc.constantFrom('1', '09', '12', '31');
  fc.assert(
    fc.property(
      noise,
      number,
      number,
      fc.constantFrom('-', '.', '/', '. '),
      noise,
      (before, a, b, sign, after) => {
        assert.ok(mayHoldDates(Buffer.from(`${before},${a}${sign}${b}${sign}2026,${after}`)));
      },
    ),
    { numRuns: 2_000 },
  );
  for (const text of [
    '1,2026-08-01,2026-12-31',
    '206-555-1234',
    'tel. 020/1234',
    '47.6062,-122.3321',
    '1.2.345',
  ])
    for (const shift of ['', 'x', 'xx', 'xxx'])
      assert.ok(!mayHoldDates(Buffer.from(`${shift}${text}`)), text);
});

test('dates are written as YYYY-MM-DD', () => {
  assert.equal(formatDate(20_260_801), '2026-08-01');
});

test('agrees with the calendar of JavaScript', () => {
  for (let day = Date.UTC(1999, 0, 1); day < Date.UTC(2005, 0, 1); day += 86_400_000) {
    const text = new Date(day).toISOString().slice(0, 10);
    assert.equal(formatDate(read(text)), text);
  }
});
