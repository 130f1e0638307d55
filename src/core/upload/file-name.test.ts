import assert from 'node:assert/strict';
import { test } from 'node:test';

import { faultOfFileName } from './file-name.ts';

test('ordinary names are fine', () => {
  for (const name of [
    'School.csv',
    'student enrollment.csv',
    'Schüler_2026-08.csv',
    'a..b.csv',
    '学生.csv',
    'x',
  ]) {
    assert.equal(faultOfFileName(name), undefined, name);
  }
});

test('names that climb, hold folders, hide something or are too long are refused', () => {
  const names = [
    '',
    '.',
    '..',
    '../School.csv',
    'dir/School.csv',
    '/School.csv',
    '..\\School.csv',
    'C:School.csv',
    'a\0.csv',
  ];
  const more = [
    'a\n.csv',
    'a\u0085.csv',
    '\u202Evsc.loohcS',
    'a\uD800.csv',
    '.hidden',
    'a.csv.',
    'a.csv ',
    ' a.csv',
    'a?.csv',
  ];
  for (const name of [...names, ...more, 'a'.repeat(256)]) {
    assert.equal(typeof faultOfFileName(name), 'string', JSON.stringify(name));
  }
  assert.equal(faultOfFileName('a'.repeat(255)), undefined);
});
