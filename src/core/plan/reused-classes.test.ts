import assert from 'node:assert/strict';
import { test } from 'node:test';

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
