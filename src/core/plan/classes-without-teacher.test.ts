import assert from 'node:assert/strict';
import { test } from 'node:test';

import { judged, type PlanInWords } from '#test/helpers/judged-plan.ts';

const ENDINGS = ['S1 enrollment end 20', 'S2 enrollment end 20'];
/** No limit of enrollments is exceeded. */
const ACTIVE = ['- enrollment 9000', 'S1 enrollment 900', 'S2 enrollment 900', '- org 9', '- class 200'];

const cases: readonly [name: string, given: Partial<PlanInWords>, expected: readonly string[]][] = [
  [
    'eight classes of a school may go on without one',
    { withoutTeacher: ['S1 8'], active: ['S1 class 20'] },
    ['clean'],
  ],
  [
    'more than half of a small school are asked about',
    { withoutTeacher: ['S1 4', 'S2 5'], active: ['S1 class 8', 'S2 class 8'] },
    ['partlyHeld', 'school S2 5 of 8, limit 4'],
  ],
  [
    'nine hold the school',
    { withoutTeacher: ['S1 9', 'S2 8'], active: ['S1 class 20', 'S2 class 20'] },
    ['partlyHeld', 'school S1 9 of 20, limit 8'],
  ],
  ['a quarter of a large school may', { withoutTeacher: ['S1 15'], active: ['S1 class 60'] }, ['clean']],
  [
    'more than a quarter holds it',
    { withoutTeacher: ['S1 16'], active: ['S1 class 60'] },
    ['partlyHeld', 'school S1 16 of 60, limit 15'],
  ],
  [
    'a few in each of many schools hold the plan, as do those without a school',
    {
      withoutTeacher: ['S1 8', 'S2 8', 'S3 8', '- 2'],
      active: ['S1 class 20', 'S2 class 20', 'S3 class 20'],
    },
    ['held', 'plan - 26 of 200, limit 25'],
  ],
  [
    'classes of schools that wait are not counted for the plan',
    { withoutTeacher: ['S1 20', 'S2 8'], active: ['S1 class 40', 'S2 class 20'] },
    ['partlyHeld', 'school S1 20 of 40, limit 10'],
  ],
  [
    "who sets the limit for a school's classes sets this one",
    {
      withoutTeacher: ['S1 1', 'S2 1'],
      active: ['S1 class 40', 'S2 class 40'],
      rules: [{ scope: 'school', action: 'deactivate', kind: 'class', school: 'S1', percent: 0, count: 0 }],
    },
    ['partlyHeld', 'school S1 1 of 40, limit 0'],
  ],
  [
    'at once: told, and nothing is held',
    { withoutTeacher: ['S1 9'], active: ['S1 class 20'], policy: 'atOnce' },
    ['clean', 'school S1 9 of 20, limit 8'],
  ],
];
for (const [name, given, expected] of cases)
  test(`classes without a teacher: ${name}`, () => {
    const { outcome, reasons } = judged({
      plan: ENDINGS,
      ...given,
      active: [...ACTIVE, ...(given.active ?? [])],
    });
    assert.deepEqual(
      [
        outcome,
        ...reasons.map(({ code, scope, school, count, active, limit }) => {
          assert.equal(code, 'classesWithoutTeacher');
          return `${scope} ${school ?? '-'} ${count} of ${active}, limit ${limit}`;
        }),
      ],
      expected,
    );
  });

test('classes without a teacher: a reason says which, and what it looks like', () => {
  const [reason] = judged({
    plan: ENDINGS,
    active: [...ACTIVE, 'S1 class 20'],
    withoutTeacher: ['S1 9'],
  }).reasons;
  assert.equal(
    reason?.message,
    'school S1 (North): 9 of 20 classes would go on without a teacher (K1, …), as when rows of teachers are missing; the limit is 8',
  );
});
