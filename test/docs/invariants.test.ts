import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { PACKAGE_DIR } from '#test/helpers/cli-run.ts';

/** Titles of the tests of a file; what is put in when it runs is `N`. */
async function titlesOf(file: string): Promise<ReadonlySet<string>> {
  const source = await readFile(join(PACKAGE_DIR, file), 'utf8');
  const titles = [...source.matchAll(/\btest\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gsu)].map(([, , title = '']) =>
    title.replaceAll(/\$\{[^}]*\}/gu, 'N').replaceAll('\\', ''),
  );
  return new Set(titles);
}

test('each test that a page of docs/spec names by its file and title exists', async () => {
  const missing: string[] = [];
  let named = 0;
  for await (const page of glob('docs/spec/*.md', { cwd: PACKAGE_DIR })) {
    const text = (await readFile(join(PACKAGE_DIR, page), 'utf8')).replaceAll(/\s+/gu, ' ');
    for (const [, file = '', title = ''] of text.matchAll(/`([\w./-]+\.test\.ts)`: "([^"]+)"/gu)) {
      named += 1;
      const exists = existsSync(join(PACKAGE_DIR, file)) && (await titlesOf(file)).has(title);
      if (!exists) missing.push(`${page}: ${file}: ${title}`);
    }
  }
  assert.deepEqual(missing, []);
  assert.ok(named > 0, 'the pages name tests in another way than this test reads');
});

test('each invariant of the life of a run names its test by its title', async () => {
  const text = await readFile(join(PACKAGE_DIR, 'docs/spec/run-lifecycle.md'), 'utf8');
  const [, section = ''] = text.split('## Invariants');
  const invariants = section.split(/^\d+\. /mu).slice(1);
  assert.ok(invariants.length > 0);
  assert.deepEqual(
    invariants.filter((invariant) => !/`[\w./-]+\.test\.ts`:\s+"/u.test(invariant)),
    [],
  );
});
