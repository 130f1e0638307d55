import assert from 'node:assert/strict';
import { test } from 'node:test';

import { keptMs } from './collect-database.ts';

test('profiles that take long to be read are read less often, and at least every five minutes', () => {
  assert.equal(keptMs(1), 5_000);
  assert.equal(keptMs(50), 5_000);
  assert.equal(keptMs(1_400), 140_000);
  assert.equal(keptMs(3_900), 300_000);
});
