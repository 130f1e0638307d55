import assert from 'node:assert/strict';
import { test } from 'node:test';

import { keptMs } from './collect-database.ts';

test('numbers that take long to be read are read less often', () => {
  assert.equal(keptMs(1), 5_000);
  assert.equal(keptMs(50), 5_000);
  assert.equal(keptMs(1_400), 140_000);
});
