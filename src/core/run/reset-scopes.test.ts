import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ALL_RESET_SCOPES, readResetScopes } from './reset-scopes.ts';

test('scopes by name, all of them by `all`', () => {
  assert.deepEqual(readResetScopes(['escrow', 'errors']), { scopes: new Set(['escrow', 'errors']) });
  assert.deepEqual(readResetScopes(['all']), { scopes: ALL_RESET_SCOPES });
  assert.deepEqual(readResetScopes(['escrow', 'all']), { scopes: ALL_RESET_SCOPES });
});

test('none, and unknown ones by name, are problems', () => {
  const problem = (names: string[]): string => {
    const read = readResetScopes(names);
    return 'problem' in read ? read.problem : '';
  };
  assert.match(problem([]), /at least one of errors, escrow, snapshot, watermark, quarantine or all/u);
  assert.match(problem(['Escrow', 'full', 'errors']), /no scope 'Escrow', 'full'\. Use errors/u);
  assert.match(problem(['all', 'constructor']), /'constructor'/u);
});
