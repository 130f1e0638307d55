import assert from 'node:assert/strict';
import { test } from 'node:test';

import { estimateStage, timeLeftText, type StagePace } from './progress-estimate.ts';

/** What is said after each measure: [second, done], of a thousand. */
function estimates(measures: readonly (readonly [second: number, done: number])[], total = 1_000) {
  let pace: StagePace | null = null;
  return measures.map(([second, done]) => {
    const next = estimateStage(pace, { stage: 'applying', done, total, atMs: second * 1_000 });
    pace = next.pace;
    return next.secondsLeft;
  });
}

test('an even pace: nothing is said before three seconds and five percent, then what is left', () => {
  assert.deepEqual(
    estimates([
      [0, 0],
      [1, 40],
      [2, 80],
      [3, 120],
      [4, 160],
      [10, 400],
      [25, 1_000],
    ]),
    [null, null, null, 22, 21, 15, 0],
  );
});

test('slow: three seconds are over long before five percent are done', () => {
  assert.deepEqual(
    estimates([
      [0, 0],
      [10, 10],
      [20, 20],
      [30, 30],
      [40, 40],
      [50, 50],
    ]),
    [null, null, null, null, null, 950],
  );
});

test('a rate that varies wildly says nothing; once it is even again, it does', () => {
  const said = estimates([
    [0, 0],
    [1, 100],
    [2, 200],
    [3, 300],
    [12, 310],
    [13, 320],
    ...Array.from({ length: 40 }, (_, i) => [14 + i, 320 + (i + 1) * 10] as const),
  ]);
  assert.deepEqual(said.slice(0, 6), [null, null, null, 7, null, null]);
  const last = said.at(-1);
  assert.ok(last !== undefined && last !== null && last > 15 && last < 40, String(last));
});

test('a restart begins behind what was done before: only what this process did is its pace', () => {
  assert.deepEqual(
    estimates([
      [100, 600],
      [102, 640],
      [104, 680],
    ]),
    [null, null, 16],
  );
});

test('another stage, another total, a step back or a clock that was put back begin anew', () => {
  const even: readonly (readonly [number, number])[] = [
    [0, 0],
    [2, 100],
    [4, 200],
  ];
  let pace: StagePace | null = null;
  for (const [second, done] of even)
    pace = estimateStage(pace, { stage: 'applying', done, total: 1_000, atMs: second * 1_000 }).pace;
  const next = (change: object): number | null =>
    estimateStage(pace, { stage: 'applying', done: 300, total: 1_000, atMs: 6_000, ...change }).secondsLeft;
  assert.equal(next({}), 14);
  assert.equal(next({ stage: 'planning' }), null);
  assert.equal(next({ total: 2_000 }), null);
  assert.equal(next({ done: 150 }), null);
  assert.equal(next({ atMs: 3_000 }), null);
});

test('a stage of a million measures remembers a few', () => {
  let pace: StagePace | null = null;
  let left: number | null = null;
  for (let step = 0; step < 10_000; step++) {
    const next = estimateStage(pace, { stage: 'validating', done: step, total: 20_000, atMs: step * 10 });
    pace = next.pace;
    left = next.secondsLeft;
  }
  assert.ok((pace?.points.length ?? 0) <= 64);
  assert.equal(left, 101);
});

test('nothing to do, nothing done, all at one moment: no number is made up', () => {
  assert.deepEqual(
    estimates(
      [
        [0, 0],
        [4, 0],
        [8, 0],
      ],
      0,
    ),
    [null, null, null],
  );
  assert.deepEqual(
    estimates([
      [0, 0],
      [0, 500],
      [5, 500],
    ]),
    [null, null, null],
  );
});

test('time left, in words', () => {
  const WORDS: [number | null | undefined, string | null][] = [
    [null, null],
    [undefined, null],
    [0, null],
    [Number.NaN, null],
    [3, 'a few seconds left'],
    [11, 'about 15 s left'],
    [55, 'about 55 s left'],
    [58, 'about 1 min left'],
    [119, 'about 2 min left'],
    [3_600, 'about 60 min left'],
    [7_260, 'about 2 h 1 min left'],
  ];
  for (const [seconds, words] of WORDS) assert.equal(timeLeftText(seconds), words, String(seconds));
});
