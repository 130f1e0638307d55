import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importsOf, readSources, type SourceFile } from './helpers/source-imports.ts';

/** An area imports from areas of earlier rows; those of one row are siblings and never import each other. */
const ROWS: readonly (readonly string[])[] = [
  ['lib'],
  ['core'],
  ['storage'],
  ['files', 'access', 'directory', 'jobs'],
  ['sources', 'targets'],
  ['engine'],
  ['http', 'cli'],
  ['main'],
];
const rowOf = (area: string): number => ROWS.findIndex((row) => row.includes(area));

/** src/storage/x.ts: storage; src/main.ts and src/main/x.ts: main. */
function areaOf(path: string): string {
  return (path.split('/')[1] ?? '').replace(/\.ts$/, '');
}

const isTest = ({ path }: SourceFile): boolean => path.endsWith('.test.ts');
const everything = await readSources('src');
const product = everything.filter((file) => !isTest(file));

/** `thing: reason` for each offender, so that a failure reads as a list. */
function none(offenders: readonly string[]): void {
  assert.deepEqual(offenders, []);
}

test('the parser of imports sees every form', () => {
  const text = `import a, { b } from './a.ts';
import type { C } from '#core/c.ts';
import {
  type D,
  e,
} from "../d/e.ts";
import './side.ts';
export { f } from './f.ts';
export * from './g.ts';
const h = await import('./h.ts');
// import x from './no.ts';
/* import y from './no.ts'; */
`;
  assert.deepEqual(
    importsOf('src/http/x.ts', text).map(({ path, typeOnly }) => [path, typeOnly]),
    [
      ['src/http/a.ts', false],
      ['src/core/c.ts', true],
      ['src/d/e.ts', false],
      ['src/http/side.ts', false],
      ['src/http/f.ts', false],
      ['src/http/g.ts', false],
      ['src/http/h.ts', false],
    ],
  );
});

test('every folder of src is an area', () => {
  none([...new Set(everything.map(({ path }) => areaOf(path)))].filter((area) => rowOf(area) === -1));
});

test('areas import to the left only, and never a sibling', () => {
  none(
    product.flatMap((file) => {
      const area = areaOf(file.path);
      return file.imports
        .filter(({ path }) => path?.startsWith('src/') === true && areaOf(path) !== area)
        .filter(({ path }) => rowOf(areaOf(path ?? '')) >= rowOf(area))
        .map(({ specifier }) => `${file.path} imports ${specifier}`);
    }),
  );
});

test('the product imports nothing from tests, scripts or the bench', () => {
  none(
    product.flatMap((file) =>
      file.imports
        .filter(({ path }) => path !== undefined && !path.startsWith('src/'))
        .map(({ specifier }) => `${file.path} imports ${specifier}`),
    ),
  );
});

test('other areas are imported by #area, the own one relatively', () => {
  none(
    product.flatMap((file) =>
      file.imports
        .filter(({ path }) => path?.startsWith('src/') === true)
        .filter(({ specifier, path }) => {
          const isOwn = areaOf(path ?? '') === areaOf(file.path);
          return specifier.startsWith('#') === isOwn;
        })
        .map(({ specifier }) => `${file.path} imports ${specifier}`),
    ),
  );
});

test('no cycle between files', () => {
  const importsByPath = new Map(
    product.map((file) => [
      file.path,
      file.imports.filter(({ typeOnly }) => !typeOnly).flatMap(({ path }) => path ?? []),
    ]),
  );
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) cycles.push([...way.slice(way.indexOf(path)), path].join(' -> '));
    if (finished.has(path) || way.includes(path)) return;
    for (const next of importsByPath.get(path) ?? []) visit(next, [...way, path]);
    finished.add(path);
  };
  for (const path of importsByPath.keys()) visit(path, []);
  none(cycles);
});

test('core and lib do no input or output', () => {
  /** Of lib, system.ts is where clock and randomness are. */
  const pure: Readonly<Record<string, readonly string[]>> = { core: [], lib: ['node:crypto'] };
  none(
    product
      .filter(({ path }) => Object.hasOwn(pure, areaOf(path)))
      .flatMap((file) =>
        file.imports
          .filter(({ path, specifier }) => path === undefined && specifier !== 'zod')
          .filter(({ specifier }) => pure[areaOf(file.path)]?.includes(specifier) !== true)
          .map(({ specifier }) => `${file.path} imports ${specifier}`),
      ),
  );
});

test('core reads no clock and draws no lots', () => {
  const impure = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bprocess\.|\bsetTimeout\(|\bcrypto\./;
  none(
    product
      .filter(({ path }) => areaOf(path) === 'core')
      .flatMap(({ path, text }) => {
        const found = impure.exec(text.replace(/\/\*[^]*?\*\/|\/\/.*$/gm, ''));
        return found === null ? [] : [`${path}: ${found[0]}`];
      }),
  );
});

test('all SQL is in storage', () => {
  const sql =
    /['"`]\s*(?:select\s[^]*?\sfrom\s|insert\s+into\s|update\s+[\w.]+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\(|create\s+(?:table|index|role|schema)\s|alter\s+table\s|copy\s+\w+\s*\()/i;
  none(
    product
      .filter(({ path }) => areaOf(path) !== 'storage')
      .flatMap((file) => {
        const driver = file.imports.find(
          ({ specifier, typeOnly }) => specifier === 'pg-copy-streams' || (specifier === 'pg' && !typeOnly),
        );
        if (driver !== undefined) return [`${file.path} imports ${driver.specifier}`];
        const strings = file.text.match(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g) ?? [];
        const found = strings.find((text) => sql.test(text));
        return found === undefined ? [] : [`${file.path}: ${found.slice(0, 60)}`];
      }),
  );
});

test('no default exports, no files over 500 lines', () => {
  none(
    everything.flatMap(({ path, text }) => [
      ...(/^export\s+default\b/m.test(text) ? [`${path} has a default export`] : []),
      ...(text.split('\n').length > 500 ? [`${path} has more than 500 lines`] : []),
    ]),
  );
});

test('files are in kebab-case', () => {
  none(
    everything
      .map(({ path }) => path)
      .filter(
        (path) => !/^(?:[a-z0-9]+(?:-[a-z0-9]+)*\/)*[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.ts$/.test(path),
      ),
  );
});
