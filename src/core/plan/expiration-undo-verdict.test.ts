import assert from 'node:assert/strict';
import { test } from 'node:test';

import { describeUndone, judgeExpirationUndo } from './expiration-undo-verdict.ts';

const NONE = { classes: 0, classesInPart: 0, enrollments: 0 };

test('one and many, what is put back and what is left alone', () => {
  for (const [counts, expected] of [
    [{ classes: 1, enrollments: 0, left: NONE }, '1 class got its name and id back'],
    [
      { classes: 2, enrollments: 1, left: NONE },
      '2 classes got their names and ids back, with 1 place of a student',
    ],
    [{ classes: 0, enrollments: 3, left: NONE }, '3 places of students put back'],
    [
      { classes: 2, enrollments: 2, left: { ...NONE, enrollments: 1 } },
      '2 classes got their names and ids back, with 2 places of students. Left alone, since it changed after the expiration: 1 place of a student',
    ],
    [
      { classes: 2, enrollments: 0, left: { classes: 1, classesInPart: 1, enrollments: 2 } },
      '2 classes got their names and ids back. Left alone, since it changed after the expiration: 1 class, 2 places of students, what was edited by hand in 1 class',
    ],
  ] as const)
    assert.equal(
      describeUndone(counts, '2026-06-30'),
      `The expiration of 2026-06-30 was undone: ${expected}`,
    );
  assert.equal(
    describeUndone({ classes: 0, enrollments: 0, left: { ...NONE, classes: 2 } }, '2026-06-30'),
    'Nothing of the expiration of 2026-06-30 was put back. Left alone, since it changed after the expiration: 2 classes',
  );
});

test('it always waits, unless there is nothing to put back', () => {
  const verdict = judgeExpirationUndo({ classes: 3, enrollments: 4, left: NONE }, '2026-06-30');
  assert.equal(verdict.outcome, 'held');
  assert.deepEqual(
    verdict.reasons.map(({ code, count, holds }) => [code, count, holds]),
    [['alwaysAsk', 7, true]],
  );
  assert.equal(judgeExpirationUndo({ classes: 3, enrollments: 3, left: NONE }, '2026-06-30').outcome, 'held');
  const nothing = judgeExpirationUndo(
    { classes: 0, enrollments: 0, left: { ...NONE, classes: 9 } },
    '2026-06-30',
  );
  assert.deepEqual(nothing, { outcome: 'clean', reasons: [] });
});
