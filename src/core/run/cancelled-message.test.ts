import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cancelledMessage } from './cancelled-message.ts';

test('a cancelled run says who stopped it and what of it is in the directory', () => {
  const who = 'Nightly sync';
  const at = (touched: boolean, done: number, total: number): string =>
    cancelledMessage({ who, touched, done, total });
  assert.equal(at(false, 0, 0), 'Cancelled by Nightly sync before anything was changed.');
  assert.equal(at(false, 0, 12), 'Cancelled by Nightly sync before anything was changed.');
  assert.equal(at(true, 0, 12), 'Cancelled by Nightly sync after 0 of 12 changes; the rest was not applied.');
  assert.equal(at(true, 5, 12), 'Cancelled by Nightly sync after 5 of 12 changes; the rest was not applied.');
  assert.equal(
    at(true, 12, 12),
    'Cancelled by Nightly sync after all 12 changes, before the run was complete.',
  );
});
