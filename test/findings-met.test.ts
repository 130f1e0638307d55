/** Each code of a finding is met somewhere: by a case of the corpus, by a table of faults, or by a test of its own. */
import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { FINDING_CODES } from '#core/findings.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const MEETING = [
  'src/**/*.test.ts',
  'test/**/*.test.ts',
  'test/helpers/*-faults.ts',
  'test/corpus/*/*/case.json',
];
/** These list the codes that they have no case for. */
const NAMING = ['src/sources/csv/find-faults.test.ts', 'test/corpus/corpus.test.ts'];

test('no code without a test', async () => {
  const met = new Set<string>();
  for await (const file of glob(MEETING, { cwd: ROOT })) {
    if (NAMING.includes(file)) continue;
    for (const [code] of (await readFile(ROOT + file, 'utf8')).matchAll(/\b[A-Z][A-Z\d]*(?:_[A-Z\d]+)+\b/gu))
      met.add(code);
  }
  assert.deepEqual(
    Object.keys(FINDING_CODES).filter((code) => !met.has(code)),
    [],
  );
});
