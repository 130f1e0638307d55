import assert from 'node:assert/strict';
import { test } from 'node:test';

import { counted, judged, type PlanInWords, summary } from '#test/helpers/judged-plan.ts';

import { changedSchools, exceedsLimits } from './verdict.ts';

const FIVE = ['S1', 'S2', 'S3', 'S4', 'S5'];

const cases: readonly [name: string, given: PlanInWords, expected: readonly string[]][] = [
  ['an empty plan is clean', { plan: [], active: ['- student 1000'] }, ['clean']],
  [
    'a small set is judged by count: 25 of 30 without a school may end',
    { plan: ['- student deactivate 25'], active: ['- student 30'] },
    ['clean'],
  ],
  [
    'one above the count holds the plan',
    { plan: ['- student deactivate 26'], active: ['- student 30'] },
    ['held', 'tooManyEndings plan student'],
  ],
  [
    'a large set is judged by percent: exactly a tenth may end',
    { plan: ['- enrollment end 60000'], active: ['- enrollment 600000'] },
    ['clean'],
  ],
  [
    'more than a tenth holds the plan',
    { plan: ['- enrollment end 60001'], active: ['- enrollment 600000'] },
    ['held', 'tooManyEndings plan enrollment'],
  ],
  [
    'a village school may lose a class of pupils unasked, by count',
    { plan: ['S1 student deactivate 15'], active: ['- student 80', 'S1 student 40'] },
    ['clean'],
  ],
  [
    'a village school may lose half of its pupils unasked, and not one more',
    {
      plan: ['S1 student deactivate 10', 'S2 student deactivate 11', 'S3 student deactivate 2'],
      active: ['- student 800', '- org 9', 'S1 student 20', 'S2 student 20', 'S3 student 2'],
    },
    ['partlyHeld', 'tooManyEndings school S2 student'],
  ],
  [
    'nor may more than half of them move',
    { plan: ['S1 role move 7', 'S2 role move 6'], active: ['- role 800', 'S1 role 12', 'S2 role 12'] },
    ['partlyHeld', 'tooManyMoves school S1 role'],
  ],
  [
    'two halves of half a village school are all of it',
    {
      plan: ['S1 student deactivate 5'],
      window: ['S1 student deactivate 6'],
      active: ['- student 800', '- org 9', 'S1 student 14'],
    },
    ['partlyHeld', 'tooManyEndings school S1 student'],
  ],
  [
    'half in two halves may go: it is half of what was there before the first',
    {
      plan: ['S1 student deactivate 4'],
      window: ['S1 student deactivate 6'],
      active: ['- student 800', '- org 9', 'S1 student 14'],
    },
    ['clean'],
  ],
  [
    'a school that is new this week may lose what others may',
    {
      plan: ['S1 student deactivate 15'],
      window: ['S1 student create 200'],
      active: ['- student 800', '- org 9', 'S1 student 200'],
    },
    ['clean'],
  ],
  [
    'who sets a limit may let all of a school go',
    {
      plan: ['S1 student deactivate 20'],
      active: ['- student 800', '- org 9', 'S1 student 20'],
      rules: [{ scope: 'school', action: 'deactivate', percent: 100, count: 0 }],
    },
    ['clean'],
  ],
  [
    'a school that loses more than its share is held alone',
    {
      plan: ['S1 student deactivate 41', 'S2 student deactivate 3'],
      active: ['- student 4000', 'S1 student 200', 'S2 student 200'],
    },
    ['partlyHeld', 'tooManyEndings school S1 student'],
  ],
  [
    'a fifth of a large school may go',
    { plan: ['S1 student deactivate 40'], active: ['- student 4000', 'S1 student 200'] },
    ['clean'],
  ],
  [
    'many small losses, each within the limit of its school, hold the plan',
    {
      plan: FIVE.map((school) => `${school} student deactivate 15`),
      active: ['- student 500', ...FIVE.map((school) => `${school} student 60`)],
    },
    ['held', 'tooManyEndings plan student'],
  ],
  [
    'what a held school loses is not held against the others',
    {
      plan: ['S1 student deactivate 300', 'S2 student deactivate 10'],
      active: ['- student 1000', 'S1 student 400', 'S2 student 60', '- org 9'],
    },
    ['partlyHeld', 'tooManyEndings school S1 student'],
  ],
  [
    'an accident in most schools is one of the source',
    {
      plan: ['S1', 'S2', 'S3'].map((school) => `${school} student deactivate 100`),
      active: ['- org 4', '- student 900', 'S1 student 200', 'S2 student 200', 'S3 student 200'],
    },
    [
      'held',
      'tooManySchools plan org',
      ...['S1', 'S2', 'S3'].map((school) => `tooManyEndings school ${school} student`),
    ],
  ],
  [
    'five of eleven schools are not most',
    {
      plan: [1, 2, 3, 4, 5].map((n) => `S${n} student update 26`),
      active: ['- org 11', '- student 900'],
    },
    ['partlyHeld', ...[1, 2, 3, 4, 5].map((n) => `tooManyUpdates school S${n} student`)],
  ],
  [
    'six of eleven are',
    {
      plan: [1, 2, 3, 4, 5, 6].map((n) => `S${n} student update 26`),
      active: ['- org 11', '- student 900'],
    },
    [
      'held',
      'tooManySchools plan org',
      ...[1, 2, 3, 4, 5, 6].map((n) => `tooManyUpdates school S${n} student`),
    ],
  ],
  [
    'both of two schools can be held apart',
    {
      plan: ['S1 student deactivate 100', 'S2 student deactivate 100'],
      active: ['- org 2', '- student 400', 'S1 student 200', 'S2 student 200'],
    },
    ['partlyHeld', 'tooManyEndings school S1 student', 'tooManyEndings school S2 student'],
  ],
  ['a first load is not growth', { plan: ['S1 student create 100000'], active: [] }, ['clean']],
  [
    'a school that doubles is held',
    { plan: ['S1 student create 201'], active: ['- student 4000', 'S1 student 200'] },
    ['partlyHeld', 'tooManyCreates school S1 student'],
  ],
  [
    'a new school in a large district goes in',
    { plan: ['S9 org create 1', 'S9 student create 400'], active: ['- org 20', '- student 8000'] },
    ['clean'],
  ],
  [
    'a source that grows by more than half asks',
    { plan: ['S9 student create 4001'], active: ['- student 8000'] },
    ['held', 'tooManyCreates plan student'],
  ],
  [
    'a mass change of people is held where it happens',
    { plan: ['S1 student update 151'], active: ['- student 4000', 'S1 student 200'] },
    ['partlyHeld', 'tooManyUpdates school S1 student'],
  ],
  [
    'a mass change in many schools, each too small to be held by itself, holds the plan',
    {
      plan: ['S1', 'S2', 'S3', 'S4', 'S5'].map((school) => `${school} student update 22`),
      active: ['- student 110', '- org 5'],
    },
    ['held', 'tooManyUpdates plan student'],
  ],
  [
    'a village school whose pupils are all renamed is held: a class at a time may change, a school not',
    {
      plan: ['S1 student update 40', 'S2 student update 25'],
      active: ['- student 400', '- org 7', 'S1 student 40'],
    },
    ['partlyHeld', 'tooManyUpdates school S1 student'],
  ],
  [
    'all teachers change, a few in each school: the typo in their domain holds the plan',
    {
      plan: ['S1', 'S2', 'S3', 'S4', 'S5'].map((school) => `${school} teacher update 6`),
      active: ['- teacher 30', '- org 5'],
    },
    ['held', 'tooManyUpdates plan teacher'],
  ],
  [
    'all teachers of one school change: it is held',
    {
      plan: ['S1 teacher update 9'],
      active: ['- teacher 60', '- org 5', 'S1 teacher 9'],
    },
    ['partlyHeld', 'tooManyUpdates school S1 teacher'],
  ],
  [
    'a school whose pupils are all there a second time, under new ids, is held',
    {
      plan: ['S1 student create 40', 'S2 student create 118'],
      active: ['- student 4000', '- org 7', 'S1 student 40', 'S2 student 118'],
    },
    ['partlyHeld', 'tooManyCreates school S1 student', 'tooManyCreates school S2 student'],
  ],
  [
    'a school whose timetable is there a second time is held',
    {
      plan: ['S1 enrollment create 384'],
      active: ['- enrollment 4000', '- org 7', 'S1 enrollment 384'],
    },
    ['partlyHeld', 'tooManyCreates school S1 enrollment'],
  ],
  [
    'an intake of a class goes into a village school, and of two years into a larger one',
    {
      plan: ['S1 student create 28', 'S2 student create 140'],
      active: ['- student 4000', '- org 7', 'S1 student 36', 'S2 student 200'],
    },
    ['clean'],
  ],
  [
    'many who leave one school for another are held where they leave',
    { plan: ['S1 role move 41', 'S2 role create 41'], active: ['- role 4000', 'S1 role 200', 'S2 role 200'] },
    ['partlyHeld', 'tooManyMoves school S1 role'],
  ],
  [
    'a school that vanished is never let go unasked',
    { plan: ['S1 org deactivate 1', 'S1 student deactivate 2'], active: ['- org 30', '- student 900'] },
    ['partlyHeld', 'schoolVanished school S1 org'],
  ],
  [
    'what is new, what is linked and what comes back are one growth',
    {
      plan: ['S1 student create 11', 'S1 student link 10', 'S1 student reactivate 10'],
      active: ['- student 4000', '- org 7', 'S1 student 40'],
    },
    ['partlyHeld', 'tooManyCreates school S1 student'],
  ],
  [
    'courses may all end, of one school as well',
    { plan: ['S1 course deactivate 400'], active: ['- course 400'] },
    ['clean'],
  ],
  [
    'terms may all end',
    { plan: ['- academicSession deactivate 400'], active: ['- academicSession 400'] },
    ['clean'],
  ],
  [
    'two uploads count as one: what ended before is added, and the base is what was there at first',
    {
      plan: ['S1 student deactivate 30'],
      window: ['S1 student deactivate 30'],
      active: ['- student 4000', 'S1 student 170'],
    },
    ['partlyHeld', 'tooManyEndings school S1 student'],
  ],
  [
    'the past alone holds nothing',
    {
      plan: ['S2 student deactivate 1'],
      window: ['S1 student deactivate 39'],
      active: ['- student 4000', 'S1 student 161'],
    },
    ['clean'],
  ],
  [
    'the past holds nothing either where the plan changes what breakers do not count',
    {
      plan: ['S1 student update 200 0'],
      window: ['S1 student update 190'],
      active: ['- student 400', 'S1 student 200'],
    },
    ['clean'],
  ],
  [
    'growth in two halves is measured by what was there before the first',
    {
      plan: ['S1 student create 20'],
      window: ['S1 student create 30'],
      active: ['- student 4000', 'S1 student 70'],
    },
    ['partlyHeld', 'tooManyCreates school S1 student'],
  ],
  [
    'growth in two halves within the limit',
    {
      plan: ['S1 student create 40'],
      window: ['S1 student create 20'],
      active: ['- student 4000', 'S1 student 100'],
    },
    ['clean'],
  ],
  [
    'a loss in two halves, too: what had left before belongs to the base',
    {
      plan: ['S1 student deactivate 10'],
      window: ['S1 student deactivate 30', 'S1 student move 10'],
      active: ['- student 4000', 'S1 student 160'],
    },
    ['clean'],
  ],
  [
    'two halves count over the whole plan, by what was there before the first',
    {
      plan: ['S1', 'S2', 'S3'].map((school) => `${school} student deactivate 10`),
      window: ['S5 student deactivate 20', 'S6 student move 100', 'S7 teacher deactivate 100'],
      active: ['- student 380', '- org 7', ...FIVE.map((school) => `${school} student 60`)],
    },
    ['clean'],
  ],
  [
    'one more in the first half holds the second',
    {
      plan: ['S1', 'S2', 'S3'].map((school) => `${school} student deactivate 10`),
      window: ['S5 student deactivate 21', 'S6 student move 100'],
      active: ['- student 379', '- org 7', ...FIVE.map((school) => `${school} student 60`)],
    },
    ['held', 'tooManyEndings plan student'],
  ],
  [
    'what a held school lost before is not held against the others',
    {
      plan: ['S1 student deactivate 30', 'S2 student deactivate 10'],
      window: ['S1 student deactivate 60'],
      active: ['- student 500', '- org 7', 'S1 student 100', 'S2 student 60'],
    },
    ['partlyHeld', 'tooManyEndings school S1 student'],
  ],
  [
    'a pupil who leaves takes the membership along: said once, and of each school by itself',
    {
      plan: ['S1 student deactivate 20', 'S1 role end 20', 'S1 role move 20', 'S2 role end 20'],
      active: ['- student 4000', '- role 4000', '- org 9', 'S1 student 50', 'S1 role 50', 'S2 role 50'],
    },
    [
      'partlyHeld',
      'tooManyEndings school S1 student',
      'tooManyMoves school S1 role',
      'tooManyEndings school S2 role',
    ],
  ],
  [
    'so does a teacher',
    {
      plan: ['S1 teacher deactivate 20', 'S1 role end 20'],
      active: ['- teacher 4000', '- role 4000', '- org 9', 'S1 teacher 30', 'S1 role 50'],
    },
    ['partlyHeld', 'tooManyEndings school S1 teacher'],
  ],
  [
    'people without an account: above a fifth holds the plan',
    { plan: ['S1 student create 5'], active: [], unmatched: [31, 150] },
    ['held', 'tooManyUnmatched plan'],
  ],
  [
    'people without an account: a fifth may pass',
    { plan: ['S1 student create 5'], active: [], unmatched: [30, 150] },
    ['clean'],
  ],
  [
    'endings of a file that nothing proves wait, the rest goes on',
    {
      plan: ['S1 student deactivate 3'],
      active: ['- student 900', 'S1 student 60'],
      unproven: ['student.csv'],
    },
    ['partlyHeld', 'absenceNotProven file student.csv'],
  ],
  [
    'at once: breakers tell and hold nothing, but what is not proven does not end',
    {
      plan: ['S1 student deactivate 100'],
      active: ['- student 4000', 'S1 student 200'],
      unproven: ['student.csv'],
      policy: 'atOnce',
    },
    ['partlyHeld', 'tooManyEndings school S1 student', 'absenceNotProven file student.csv'],
  ],
  [
    'always ask: every change waits',
    { plan: ['S1 student update 1'], active: ['- student 100'], policy: 'alwaysAsk' },
    ['held', 'alwaysAsk plan'],
  ],
  [
    'always ask: nothing to change asks nothing',
    { plan: [], active: ['- student 100'], policy: 'alwaysAsk' },
    ['clean'],
  ],
  [
    'a rule for a school stands before one for all',
    {
      plan: ['S1 student deactivate 10', 'S2 student deactivate 10'],
      active: ['- student 4000', 'S1 student 200', 'S2 student 200'],
      rules: [
        { scope: 'school', action: 'deactivate', percent: 0, count: 5 },
        { scope: 'school', action: 'deactivate', school: 'S2', percent: 50, count: 5 },
      ],
    },
    ['partlyHeld', 'tooManyEndings school S1 student'],
  ],
];
for (const [name, given, expected] of cases)
  test(`verdict: ${name}`, () => {
    const verdict = judged(given);
    assert.deepEqual(summary(verdict), expected);
    // At once, nothing is held but what is not proven.
    const holding = verdict.reasons.filter(({ scope }) => given.policy !== 'atOnce' || scope === 'file');
    assert.deepEqual(
      verdict.reasons.filter(({ holds }) => holds),
      holding,
    );
  });

test('verdict: a reason counts what went in before, and says so; a school without a name is called by its id', () => {
  const [loss, gone] = judged({
    plan: ['S1', 'S2', 'S3'].map((school) => `${school} student deactivate 10`).concat('S9 org deactivate 1'),
    window: ['S5 student deactivate 21'],
    active: ['- student 479', '- org 7', ...FIVE.map((school) => `${school} student 60`)],
  }).reasons;
  assert.deepEqual([loss?.count, loss?.active, loss?.limit], [51, 500, 50]);
  assert.equal(
    loss?.message,
    '30 of 500 students would end, 51 with those of the last days; the limit is 50',
  );
  const [growth] = judged({
    plan: ['S1 student create 21', 'S1 student link 10'],
    active: ['- student 4000', 'S1 student 40'],
  }).reasons;
  assert.equal(growth?.message, 'school S1 (North): 31 students would be new, beside 40; the limit is 30');
  assert.deepEqual([gone?.schoolName, gone?.message], ['S9', 'school S9 is no longer in the source']);
});

test('verdict: limits are exceeded also where other things hold the plan', () => {
  const exceeds = (plan: readonly string[]): boolean =>
    exceedsLimits(judged({ plan, active: ['- student 400'], unproven: ['student.csv'] }));
  assert.deepEqual([exceeds(['- student end 5']), exceeds(['- student end 41'])], [false, true]);
});

test('verdict: what is active is asked of schools in which something changes that is judged by it', () => {
  const counts = counted([
    'S1 student update 3',
    'S2 student update 3',
    'S3 student update 3 0',
    'S1 class end 1',
    '- student end 1',
    'S1 org update 1',
    'S1 course end 1',
  ]);
  assert.deepEqual(
    changedSchools(counts, []),
    new Map([
      ['student', new Set(['S1', 'S2'])],
      ['class', new Set(['S1'])],
    ]),
  );
});

test('verdict: a reason says what, where, how many and the limit', () => {
  const [reason] = judged({
    plan: ['S1 student deactivate 41'],
    active: ['- student 4000', 'S1 student 200'],
  }).reasons;
  assert.equal(reason?.message, 'school S1 (North): 41 of 200 students would end; the limit is 40');
});
