import assert from 'node:assert/strict';
import { test } from 'node:test';

import { progressTracker, type StageReport } from './run-progress.ts';

const second = (number: number): Date => new Date(Date.UTC(2026, 8, 1) + number * 1_000);

test('the percentage never goes back and is never 100 before the end', () => {
  const track = progressTracker();
  const reports: StageReport[] = [
    { stage: 'validating', percent: 30 },
    { stage: 'planning', percent: 20 },
    { stage: 'applying', percent: 100 },
    { stage: 'applying', percent: 60 },
  ];
  assert.deepEqual(
    reports.map((report, index) => track(report, second(index)).percent),
    [30, 30, 99, 99],
  );
});

test('a stage has its own start and its own estimate', () => {
  const track = progressTracker();
  const apply = (number: number, itemsDone: number): unknown => {
    const { startedAt, secondsLeft } = track(
      { stage: 'applying', percent: 50, itemsDone, itemsTotal: 100 },
      second(number),
    );
    return [startedAt, secondsLeft];
  };
  const bytes = { stage: 'validating', percent: 1, rowsDone: 1, bytesTotal: 100 } as const;
  for (const number of [0, 2, 4]) track({ ...bytes, bytesDone: number * 10 }, second(number));
  assert.equal(track({ ...bytes, bytesDone: 60 }, second(6)).secondsLeft, 4);
  assert.deepEqual(track({ stage: 'planning', percent: 45 }, second(7)), {
    stage: 'planning',
    percent: 45,
    startedAt: second(7).toISOString(),
    secondsLeft: null,
  });
  const start = second(10).toISOString();
  assert.deepEqual(apply(10, 0), [start, null]);
  assert.deepEqual(apply(12, 10), [start, null]);
  assert.deepEqual(apply(14, 20), [start, 16]);
});
