import assert from 'node:assert/strict';
import { test } from 'node:test';

import { countExpiration, describeExpired, judgeExpiration } from './expiration-verdict.ts';
import type { PlanCount } from './verdict.ts';

const classes = (count: number, school = 'S1'): PlanCount => ({
  school,
  kind: 'class',
  action: 'update',
  count,
  judged: count,
});
const endings = (count: number): PlanCount => ({
  school: 'S1',
  kind: 'enrollment',
  action: 'end',
  count,
  judged: count,
});

test('it always asks, and says what for', () => {
  const verdict = judgeExpiration([classes(2), classes(3, 'S2'), endings(1)], '2027-06-30');
  assert.equal(verdict.outcome, 'held');
  assert.deepEqual(verdict.reasons, [
    {
      code: 'alwaysAsk',
      scope: 'plan',
      count: 6,
      holds: true,
      message:
        '5 classes would be marked as expired and 1 enrollment of students ended, since the profile expired on 2027-06-30',
    },
  ]);
  assert.equal(
    judgeExpiration([classes(1)], '2027-06-30').reasons[0]?.message,
    '1 class would be marked as expired, since the profile expired on 2027-06-30',
  );
});

test('as many classes as enrollments are asked for, too', () => {
  assert.deepEqual(
    judgeExpiration([classes(3), endings(3)], '2027-06-30').reasons.map(({ count }) => count),
    [6],
  );
});

test('there is nothing to ask where nothing would change', () => {
  assert.deepEqual(judgeExpiration([], '2027-06-30'), { outcome: 'clean', reasons: [] });
});

test('what was done', () => {
  const done = (counts: readonly PlanCount[], system: string | null): string =>
    describeExpired(countExpiration(counts), '2027-06-30', system);
  assert.match(
    done([classes(1), endings(30)], 'Contoso (expired 2027-06)'),
    /^Since the profile expired on 2027-06-30, 1 class was marked as expired and 30 enrollments of students were ended\. .*"Contoso \(expired 2027-06\)"$/u,
  );
  assert.match(done([], null), /no active classes/u);
});
