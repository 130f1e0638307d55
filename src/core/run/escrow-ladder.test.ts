import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hoursToNextAttempt, nextAttemptAt } from './escrow-ladder.ts';

test('6, 12, 24 hours, then daily', () => {
  assert.deepEqual([1, 2, 3, 4, 27].map(hoursToNextAttempt), [6, 12, 24, 24, 24]);
});

test('the last attempt is on the 28th day; what fails then is dropped', () => {
  const first = new Date('2026-09-01T08:00:00Z');
  const after = (days: number): string | undefined =>
    nextAttemptAt(5, first, new Date(first.getTime() + days * 86_400_000))?.toISOString();
  assert.equal(after(1), '2026-09-03T08:00:00.000Z');
  assert.equal(after(27.5), '2026-09-29T08:00:00.000Z');
  assert.equal(after(28), undefined);
});
