import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runAnswer, type RunAnswer } from '../client/answers.ts';
import { countLines, runTotals } from './run-lines.ts';

const zero = { records: 0, created: 0, linked: 0, updated: 0, reactivated: 0, ended: 0, unchanged: 0 };

function runWith(kinds: Record<string, Partial<typeof zero>>): RunAnswer {
  return runAnswer.parse({
    id: 'r',
    state: 'completed',
    counts: {
      kinds: Object.fromEntries(Object.entries(kinds).map(([kind, row]) => [kind, { ...zero, ...row }])),
    },
  });
}

test('counts: kinds without anything are left out, reactivated counts as updated', () => {
  const run = runWith({
    org: { records: 2, unchanged: 2 },
    academicSession: {},
    student: { records: 1200, created: 1000, reactivated: 1, updated: 2, unchanged: 197 },
    teacher: { ended: 3 },
  });
  assert.deepEqual(countLines(run), [
    '          in the files  created  updated  ended  unchanged',
    'schools              2        0        0      0          2',
    'students         1,200    1,000        3      0        197',
    'teachers             0        0        0      3          0',
  ]);
  assert.deepEqual(runTotals(run), {
    records: 1202,
    changes: 1006,
    created: 1000,
    linked: 0,
    updated: 3,
    ended: 3,
    held: 0,
    unchanged: 199,
  });
});

test('counts: linked has a column when somebody was linked', () => {
  assert.deepEqual(countLines(runWith({ teacher: { records: 5, linked: 4, unchanged: 1 } })), [
    '          in the files  created  linked  updated  ended  unchanged',
    'teachers             5        0       4        0      0          1',
  ]);
});

test('counts: a run without them, or with ones of another version, has none', () => {
  const run = runAnswer.parse({ id: 'r', state: 'held', counts: { kinds: { org: { records: 'many' } } } });
  assert.equal(runTotals(run), null);
  assert.deepEqual(countLines(run), []);
});
