import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { PACKAGE_DIR } from '#test/helpers/cli-run.ts';

/** By path from the root, with slashes. */
const pages = new Map<string, string>();
for await (const file of glob('{*.md,docs/**/*.md}', { cwd: PACKAGE_DIR }))
  pages.set(file.replaceAll('\\', '/'), await readFile(join(PACKAGE_DIR, file), 'utf8'));
const isThere = (path: string): boolean => existsSync(join(PACKAGE_DIR, path));

/** What a guide has its reader make. */
const MADE_BY_READERS = new Set(['docs/guide/add-a-format.md: src/sources/csv/ladybird.ts']);

test('every file that a page names in backticks exists', () => {
  const missing = [...pages].flatMap(([page, text]) =>
    [...text.matchAll(/`((?:src|test|db|docs|scripts|examples|bench)\/[\w./-]+)`/gu)]
      .map(([, path = '']) => path)
      .filter((path) => !isThere(path))
      .map((path) => `${page}: ${path}`),
  );
  assert.deepEqual(
    missing.filter((reference) => !MADE_BY_READERS.has(reference)),
    [],
  );
});

test('every link from page to page leads somewhere, headings included', () => {
  const broken = [...pages].flatMap(([page, text]) =>
    [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/gu)]
      .map(([, path = '', heading]) => ({ target: path === '' ? page : join(dirname(page), path), heading }))
      .map(({ target, heading }) => ({ target: target.replaceAll('\\', '/'), heading }))
      .filter(
        ({ target, heading }) =>
          !isThere(target) || (heading !== undefined && !headingsOf(target).includes(heading)),
      )
      .map(({ target, heading }) => `${page}: ${target}${heading === undefined ? '' : `#${heading}`}`),
  );
  assert.deepEqual(broken, []);
});

test('each numbered invariant of docs/spec has its test, on its own or by the sentence above the list', () => {
  const without = [...pages]
    .filter(([page]) => page.startsWith('docs/spec/'))
    .flatMap(([page, text]) => {
      const section = /^## Invariants\n(.*?)(?=^## |$(?![^]))/msu.exec(text)?.[1];
      if (section === undefined) return [];
      const [preface = '', ...invariants] = section.split(/^\d+\. /mu);
      const names = (part: string): boolean => /`[\w./-]+\.test\.ts`/u.test(part);
      return names(preface)
        ? []
        : invariants.filter((invariant) => !names(invariant)).map((text_) => `${page}: ${text_}`);
    });
  assert.deepEqual(without, []);
});

test('ARCHITECTURE.md lists each area of src, with files that exist', async () => {
  const rows = [...(pages.get('ARCHITECTURE.md') ?? '').matchAll(/^\| `(\w+)` +\|[^|]*\|([^|]*)\|$/gmu)];
  const areas = new Set<string>();
  for await (const file of glob('*/**/*.ts', { cwd: join(PACKAGE_DIR, 'src') }))
    areas.add(file.replaceAll('\\', '/').split('/')[0] ?? '');
  assert.deepEqual(new Set(rows.map(([, area]) => area)), areas);
  const missing = rows.flatMap(([, area = '', files = '']) =>
    [...files.matchAll(/`([^`]+)`/gu)]
      .map(([, file = '']) => (file === 'main.ts' ? 'src/main.ts' : `src/${area}/${file}`))
      .filter((path) => !isThere(path)),
  );
  assert.deepEqual(missing, []);
});

/** The anchors of a page's headings, as GitHub makes them. */
function headingsOf(page: string): string[] {
  return [...(pages.get(page) ?? '').matchAll(/^#+ (.+)$/gmu)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
