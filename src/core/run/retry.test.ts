import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DEFAULT_RETRY_POLICY, retryDelaySeconds } from './retry.ts';

const DELAYS: [brokenRuns: number, seconds: number][] = [
  [0, 30],
  [1, 30],
  [2, 60],
  [3, 120],
  [4, 240],
  [5, 480],
  [6, 900],
  [7, 900],
  [2_000, 900],
];
for (const [brokenRuns, seconds] of DELAYS)
  test(`after ${brokenRuns} breaks in a row: ${seconds} s`, () => {
    assert.equal(retryDelaySeconds(DEFAULT_RETRY_POLICY, brokenRuns, false), seconds);
    assert.equal(retryDelaySeconds(DEFAULT_RETRY_POLICY, brokenRuns, true), 86_400, 'in quarantine');
  });
