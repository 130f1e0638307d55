import assert from 'node:assert/strict';
import { test } from 'node:test';

import { textTable } from './text-table.ts';

const columns = [{ title: 'name' }, { title: 'rows', align: 'right' as const }];

test('columns are as wide as their widest cell', () => {
  assert.deepEqual(textTable(columns, [['School', '7']]), ['name    rows', 'School     7']);
});

test('a letter of East Asia takes two places, a mark on a letter none', () => {
  assert.deepEqual(
    textTable(columns, [
      ['東京', '7'],
      ['Zoe\u0308', '12'],
    ]),
    ['name  rows', '東京     7', 'Zoe\u0308     12'],
  );
});

test('a table may be as long as the errors of a district', () => {
  const rows = Array.from({ length: 200_000 }, (_, index) => [`student ${index}`, '1']);
  assert.equal(textTable(columns, rows).length, rows.length + 1);
});
