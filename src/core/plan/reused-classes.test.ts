import assert from 'node:assert/strict';
import { test } from 'node:test';

import { judged, type PlanInWords, summary } from '#test/helpers/judged-plan.ts';

import { judgeReused, type ReusedClasses } from './reused-classes.ts';

const classes = (school: string, count: number): ReusedClasses => ({
  school,
  count,
  examples: Array.from({ length: Math.min(count, 3) }, (_, n) => ({
    id: `${school}K${n}`,
    changed: 'course',
    before: null,
    after: 'C2',
  })),
});

/** `school count` of the classes whose ids are used again, and of those that the plan changes; `school of`: what waits, and the limit. */
const cases: readonly [
  name: string,
  reused: readonly ReusedClasses[],
  changed: Readonly<Record<string, number>>,
  expected: readonly string[],
][] = [
  [
    'ten in all, a few in each school',
    [classes('S1', 2), classes('S2', 2), classes('', 6)],
    { S1: 2, S2: 2, '': 105 },
    [],
  ],
  [
    'eleven in all',
    [classes('S1', 2), classes('S2', 2), classes('', 7)],
    { S1: 2, S2: 2, '': 105 },
    ['all: 11 of 109, 10'],
  ],
  ['a tenth of very many', [classes('', 11)], { '': 110 }, []],
  [
    'a school that is held counts neither among those nor among all that change',
    [classes('S1', 5), classes('', 11)],
    { S1: 40, '': 109 },
    ['all: 11 of 109, 10', 'S1: 5 of 40, 4'],
  ],
];
for (const [name, reused, changed, expected] of cases)
  test(`classes whose ids are used again: ${name}`, () => {
    const reasons = judgeReused(reused, new Map(Object.entries(changed)), new Map([['S1', 'North']]));
    assert.deepEqual(
      reasons.map(({ school = 'all', count, active, limit }) => `${school}: ${count} of ${active}, ${limit}`),
      expected,
    );
    assert.ok(reasons.every(({ holds }) => holds));
  });

test('classes whose ids are used again: three are named, and that there are more', () => {
  const message = (reused: readonly ReusedClasses[]): string | undefined =>
    judgeReused(reused, new Map([['', 20]]), new Map())[0]?.message;
  const named = (...ids: string[]): string => ids.map((id) => `${id}: course none to C2`).join(', ');
  const [one, three] = [message([classes('S1', 3)]), message([classes('S1', 2), classes('', 9)])];
  assert.ok(one?.startsWith('school S1: ') && one.includes(`(${named('S1K0', 'S1K1', 'S1K2')})`), one);
  assert.ok(three?.startsWith('the source ') && three.includes(`(${named('S1K0', 'S1K1', 'K0')}, …)`), three);
});

/** As parts of a whole verdict. */
const verdicts: readonly [name: string, given: PlanInWords, expected: readonly string[]][] = [
  [
    'two classes hold nothing: a small school is not asked for them',
    { plan: ['S1 class update 2'], active: ['- class 60', 'S1 class 6'], reused: ['S1 2'] },
    ['clean'],
  ],
  [
    'three hold their school',
    {
      plan: ['S1 class update 4', 'S2 class update 2'],
      active: ['- class 60', 'S1 class 6'],
      reused: ['S1 3', 'S2 2'],
    },
    ['partlyHeld', 'reusedSections school S1 class'],
  ],
  [
    'a tenth of the changed classes of a school may be used again',
    {
      plan: ['S1 class update 100', 'S1 class create 90', 'S1 enrollment update 90 0'],
      active: ['- class 900', 'S1 class 190'],
      reused: ['S1 10'],
    },
    ['clean'],
  ],
  [
    'more than a tenth holds the school',
    {
      plan: ['S1 class update 100', 'S1 class create 90', 'S1 enrollment update 90 0'],
      active: ['- class 900', 'S1 class 190'],
      reused: ['S1 11'],
    },
    ['partlyHeld', 'reusedSections school S1 class'],
  ],
  [
    'two in each of many schools hold the plan, as do those without a school',
    {
      plan: ['S1 class update 2', 'S2 class update 2', '- class update 7'],
      active: ['- class 900'],
      reused: ['S1 2', 'S2 2', '- 7'],
    },
    ['held', 'reusedSections plan class'],
  ],
  [
    'a class that goes to another school counts as changed where it was',
    {
      plan: ['S1 class update 20', 'S1 class move 10'],
      active: ['- class 900', 'S1 class 90'],
      reused: ['S1 3'],
    },
    ['clean'],
  ],
  [
    'at once: they are told, and hold nothing',
    { plan: ['S1 class update 9'], active: ['- class 90'], reused: ['S1 9'], policy: 'atOnce' },
    ['clean', 'reusedSections school S1 class'],
  ],
];
for (const [name, given, expected] of verdicts)
  test(`classes whose ids are used again, verdict: ${name}`, () => {
    const verdict = judged(given);
    assert.deepEqual(summary(verdict), expected);
    assert.ok(verdict.reasons.every(({ holds }) => holds === (given.policy !== 'atOnce')));
  });

test('classes whose ids are used again are told with examples and with what to do', () => {
  const [reason] = judged({ plan: ['S1 class update 4'], active: ['- class 60'], reused: ['S1 3'] }).reasons;
  assert.deepEqual([reason?.count, reason?.active, reason?.limit], [3, 4, 2]);
  assert.equal(
    reason?.message,
    'school S1 (North): the source uses the ids of 3 of 4 changed classes again, in another session or course and with other students ' +
      '(K1: session T1 to T2, …), and the students of before would lose these classes. Set classAnchor to idAndSession to have new ' +
      'classes beside the old ones, or approve if the classes really go on',
  );
});
