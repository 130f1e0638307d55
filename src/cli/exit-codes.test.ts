import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EXIT_CODES, exitNameOf, exitNameOfStatus, UsageError, worstExit } from './exit-codes.ts';

const STATUSES: [string, number][] = [
  ['success', 0],
  ['inProgress', 0],
  ['validationError', 3],
  ['error', 4],
  ['quarantined', 5],
  ['paused', 6],
];
for (const [status, code] of STATUSES) {
  test(`exit code: ${status} is ${code}`, () => {
    assert.equal(EXIT_CODES[exitNameOfStatus(status)].code, code);
  });
}

test('exit code: of several profiles the one that needs an administrator most', () => {
  assert.equal(worstExit([]), 'ok');
  assert.equal(worstExit(['ok', 'paused', 'errors']), 'errors');
  assert.equal(worstExit(['held', 'quarantined', 'paused']), 'quarantined');
});

test('exit code: a wrong command line is 2, anything unknown 1; no code is used twice', () => {
  assert.equal(EXIT_CODES[exitNameOf(new UsageError('x'))].code, 2);
  assert.equal(EXIT_CODES[exitNameOf('thrown')].code, 1);
  // 2 of plan --exit-code is the exception: there a wrong command line ends with 1.
  const { changes, ...others } = EXIT_CODES;
  assert.equal(changes.code, 2);
  const codes = Object.values(others).map(({ code }) => code);
  assert.equal(new Set(codes).size, codes.length);
});
