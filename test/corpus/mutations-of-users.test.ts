/**
 * The same rosters in the formats where users have one id, synchronized once, then broken in one place: nothing ends, nothing is written over,
 * and what names a known record waits for it. ROLLBOOK_MUTATIONS and ROLLBOOK_SEED as in mutations.test.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import type { RosterFormat } from '#core/roster/formats.ts';
import { must } from '#lib/assert.ts';
import type { FileDefinition } from '#sources/csv/format.ts';
import { FORMATS } from '#sources/csv/formats.ts';
import { rowsOf } from '#test/helpers/other-formats.ts';
import { stageFiles } from '#test/helpers/stage-files.ts';
import { makeFiles } from './format-rosters.ts';

const RUNS = Math.ceil(Number(process.env['ROLLBOOK_MUTATIONS'] ?? '1000') / 4);
const SEED = Number(process.env['ROLLBOOK_SEED'] ?? String(Date.now() % 1_000_000));
interface Place {
  readonly definition: FileDefinition;
  readonly lines: string[];
  /** Index of a line; the header is 0. */
  readonly at: number;
  readonly pick: (count: number) => number;
}

const joined = (cells: readonly string[]): string =>
  cells.map((cell) => (/[",]/u.test(cell) ? `"${cell}"` : cell)).join(',');
const titlesOf = ({ lines }: Place): string[] => must(lines[0]).split(',');
const cellsOf = ({ lines, at }: Place): string[] =>
  Object.values(must(rowsOf(`${lines[0]}\n${lines[at]}`)[0]));
/** The row with one cell of a column in place of another, as it is written. */
function withCell(place: Place, titles: readonly string[], change: (cell: string) => string): void {
  const title = must(titles[place.pick(titles.length)]);
  const position = titlesOf(place).indexOf(title);
  const cells = cellsOf(place).map((cell) => joined([cell]));
  place.lines[place.at] = cells.with(position, change(must(cells[position]))).join(',');
}
const required = ({ definition }: Place): string[] =>
  definition.columns
    .filter((column) => column.required === 'always' || column.required === 'create')
    .map(({ title }) => title);

/** Each breaks one row or one file, in place. */
const FAULTS: Readonly<Record<string, (place: Place) => void>> = {
  'a required value deleted': (place) => withCell(place, required(place), () => ''),
  'a role of no list': (place) => {
    if (titlesOf(place).includes('role')) withCell(place, ['role'], () => 'wizard');
    else withCell(place, required(place), () => '');
  },
  'a quote opened': (place) => withCell(place, titlesOf(place), (cell) => `"${cell.replaceAll('"', '')}`),
  'a quote inside': (place) => withCell(place, titlesOf(place), (cell) => `x"${cell.replaceAll('"', '')}`),
  'a NUL': (place) => withCell(place, titlesOf(place), (cell) => `${cell.replaceAll('"', '')}\0`),
  'a field too few': ({ lines, at }) => {
    lines[at] = must(lines[at]).slice(0, must(lines[at]).lastIndexOf(','));
  },
  'a field too many': ({ lines, at }) => {
    lines[at] = `${lines[at]},more`;
  },
  'two rows in one line': ({ lines, at, pick }) => {
    if (at + 1 === lines.length) lines[at] = `${lines[at]},more`;
    else lines.splice(at, 2, `${lines[at]}${pick(2) === 0 ? ',' : '\r'}${lines[at + 1]}`);
  },
  'a row again, and bad': (place) => {
    const { lines, at, pick } = place;
    const good = must(lines[at]);
    withCell(place, required(place), () => '');
    if (pick(2) === 0) lines.push(good);
    else lines.splice(at, 1, good, must(lines[at]));
  },
  'a file of its header alone': ({ lines }) => lines.splice(1),
  'a title misspelled': (place) => {
    const titles = required(place);
    const title = must(titles[place.pick(titles.length)]);
    place.lines[0] = joined(titlesOf(place).map((one) => (one === title ? `${one}x` : one)));
  },
  'a file cut off': ({ lines, at, pick }) => {
    lines.splice(at + 1);
    const line = must(lines[at]);
    lines[at] = line.slice(0, 1 + pick(Math.max(1, line.lastIndexOf(',') - 1)));
  },
};

const drop = fc.record({
  format: fc.constantFrom<RosterFormat>('sds-v2', 'sds-v2.1', 'oneroster-1.1', 'oneroster-1.2'),
  size: fc.record({
    schools: fc.integer({ min: 1, max: 3 }),
    sections: fc.integer({ min: 1, max: 4 }),
    students: fc.integer({ min: 1, max: 5 }),
    teachers: fc.integer({ min: 1, max: 3 }),
  }),
  picks: fc.array(fc.nat(1000), { minLength: 6, maxLength: 6 }),
  chunkBytes: fc.constantFrom(1, 5, 64, 1 << 20),
});
const seen = (findings: readonly { file: string; line?: number; code: string }[]): string =>
  findings.map(({ file, line = 0, code }) => `${file}:${line} ${code}`).join(', ');

test(`${RUNS} rosters of users, one bad place each (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(
      drop,
      fc.constantFrom(...Object.keys(FAULTS)),
      async ({ format, size, picks, chunkBytes }, name) => {
        const files = makeFiles(format, size);
        const before = await stageFiles(files, { format, chunkBytes });
        assert.equal(seen(before.findings), '', 'the roster is sound');
        let picked = 0;
        const pick = (count: number): number => (picks[picked++] ?? 0) % count;
        // What describes people (demographics, contacts) is not among them: a bad row there is an update, which planning completes.
        const there = new Set(Object.keys(files).map((one) => one.toLowerCase()));
        const definitions = FORMATS[format].files.filter((one) => there.has(one.name));
        const definition = must(definitions[pick(definitions.length)]);
        const file = must(Object.keys(files).find((one) => one.toLowerCase() === definition.name));
        const lines = must(files[file]).trimEnd().split('\r\n');
        must(FAULTS[name])({ definition, lines, at: 1 + pick(lines.length - 1), pick });
        const isCut = name === 'a file cut off';
        const broken = { ...files, [file]: `${lines.join('\r\n')}${isCut ? '' : '\r\n'}` };

        const after = await stageFiles(broken, { format, chunkBytes, after: before });
        assert.notEqual(after.findings.length, 0);
        assert.deepEqual(after.items, [], `nothing changes: ${seen(after.findings)}`);
        if (after.result.fatal) return;
        assert.equal(
          seen(after.findings.filter(({ code }) => code === 'REFERENCE_NOT_FOUND')),
          '',
          'what names a known record waits for it',
        );
        const mended = await stageFiles(files, { format, after });
        assert.deepEqual(mended.items, [], 'nor does anything once it is mended');
        assert.equal(seen(mended.findings), '');
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
});

test(`the order of rows does not matter (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(drop, async ({ format, size, chunkBytes }) => {
      const files = makeFiles(format, size);
      const before = await stageFiles(files, { format });
      const turned = Object.fromEntries(
        Object.entries(files).map(([name, text]) => {
          const [header, ...rows] = text.trimEnd().split('\r\n');
          return [name, `${[header, ...rows.toReversed()].join('\r\n')}\r\n`];
        }),
      );
      const after = await stageFiles(turned, { format, chunkBytes, after: before });
      assert.deepEqual(after.items, []);
      assert.equal(seen(after.findings), '');
    }),
    { numRuns: Math.ceil(RUNS / 10), seed: SEED },
  );
});
