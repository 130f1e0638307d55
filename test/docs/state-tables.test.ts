import assert from 'node:assert/strict';
import { test } from 'node:test';

import { stateTables } from '../../scripts/state-tables.ts';

for (const { file, found, wanted } of stateTables()) {
  test(`docs/spec/${file} shows the machine that runs`, () => {
    assert.ok(found.includes('<!-- table -->'), 'the mark of the table is missing');
    assert.equal(found, wanted, 'run node scripts/state-tables.ts');
  });
}
