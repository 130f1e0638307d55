/**
 * A roster is made up and broken in one place: the fault is found where it is, what follows from it is said where it
 * follows, and nothing else is. ROLLBOOK_MUTATIONS: how many (1,000; `npm run soak`: 50,000); ROLLBOOK_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { stageFiles } from '#test/helpers/stage-files.ts';
import { expectReferences, showReference } from './expect-references.ts';
import type { Bench, Fault } from './faults.ts';
import { MUTATIONS } from './mutations.ts';
import { FILE_NAMES, joinLines, makeRoster, type Roster, type Style, writeLines } from './random-roster.ts';

const RUNS = Number(process.env['ROLLBOOK_MUTATIONS'] ?? '1000');
const SEED = Number(process.env['ROLLBOOK_SEED'] ?? String(Date.now() % 1_000_000));

const style: fc.Arbitrary<Style> = fc.record({
  crlf: fc.boolean(),
  bom: fc.boolean(),
  quoteAll: fc.boolean(),
  lastBreak: fc.boolean(),
  blankLines: fc.nat(2),
});
const size = fc.record({
  schools: fc.integer({ min: 1, max: 3 }),
  sections: fc.integer({ min: 1, max: 5 }),
  students: fc.integer({ min: 1, max: 6 }),
  teachers: fc.integer({ min: 1, max: 3 }),
});
const broken = fc.record({
  name: fc.constantFrom(...Object.keys(MUTATIONS)),
  size,
  style,
  picks: fc.array(fc.nat(1000), { minLength: 6, maxLength: 6 }),
  chunkBytes: fc.constantFrom(1, 5, 64, 1 << 20),
});

function write(
  roster: Roster,
  style: Style,
  { edit, without = [], empty = [] }: Fault,
): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  for (const name of FILE_NAMES) {
    if (without.includes(name)) continue;
    const lines = writeLines(roster[name], style);
    const edited = edit?.file === name ? edit.lines(lines) : lines;
    const own = edit?.file === name && edit.noBreak === true ? { ...style, lastBreak: false } : style;
    files[name] = empty.includes(name) ? Buffer.alloc(0) : joinLines(edited, own);
  }
  return files;
}

async function check(
  files: Record<string, Buffer>,
  chunkBytes: number,
  expected: readonly string[],
): Promise<void> {
  const { findings, result } = await stageFiles(files, { chunkBytes });
  const shown = findings.map(
    ({ file, line, code, field }) =>
      `${file}${line === undefined ? '' : `:${line}`} ${code}${field === undefined ? '' : ` ${field}`}`,
  );
  assert.deepEqual(shown.toSorted(), expected.toSorted());
  const fatal = findings.some(({ severity }) => severity === 'fatal');
  assert.equal(result.fatal, fatal);
  if (fatal) assert.equal(result.itemCount, 0);
}

test(`${RUNS} rosters with one fault each (seed ${SEED})`, async () => {
  const tried = new Set<string>();
  await fc.assert(
    fc.asyncProperty(broken, async ({ name, size, style, picks, chunkBytes }) => {
      const roster = makeRoster(size);
      let picked = 0;
      const bench: Bench = { roster, style, pick: (count) => (picks[picked++] ?? 0) % count };
      const fault = MUTATIONS[name]?.(bench) ?? null;
      fc.pre(fault !== null);
      tried.add(name);
      const { findings, badRows = [], unusable = [], read = roster } = fault;
      const following = expectReferences(read, badRows, new Set(unusable));
      const expected = [...findings, ...following.map((finding) => showReference(finding, style))];
      assert.ok(expected.length > 0);
      await check(write(roster, style, fault), chunkBytes, expected);
    }),
    { numRuns: RUNS, seed: SEED },
  );
  if (RUNS >= 1000)
    assert.deepEqual(
      Object.keys(MUTATIONS).filter((name) => !tried.has(name)),
      [],
    );
});

/** Of these nobody can tell that a record has gone. */
const UNPROVEN = [
  'a required value deleted',
  'a required value of blanks',
  'a name too long',
  'a user name with a blank',
  'a quote opened',
  'a quote inside',
  'a NUL',
  'a lone carriage return',
  'a field too few',
  'a field too many',
  'two rows in one line',
  'a file cut off',
];

test(`a bad row ends nothing that was there before it (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(broken, fc.constantFrom(...UNPROVEN), async ({ size, style, picks }, name) => {
      const before = await stageFiles(write(makeRoster(size), style, { findings: [] }));
      const roster = makeRoster(size);
      let picked = 0;
      const bench: Bench = { roster, style, pick: (count) => (picks[picked++] ?? 0) % count };
      const fault = MUTATIONS[name]?.(bench) ?? null;
      fc.pre(fault !== null);
      const { items, findings } = await stageFiles(write(roster, style, fault), { after: before });
      assert.deepEqual(
        items.filter(({ action }) => action === 'end'),
        [],
      );
      assert.deepEqual(
        findings.filter(({ code }) => code === 'REFERENCE_NOT_FOUND'),
        [],
        'what names a known record waits for it',
      );
    }),
    { numRuns: Math.ceil(RUNS / 4), seed: SEED },
  );
});

test(`rosters without a fault have no findings (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(size, style, fc.constantFrom(1, 5, 64), (size, style, chunkBytes) =>
      check(write(makeRoster(size), style, { findings: [] }), chunkBytes, []),
    ),
    { numRuns: Math.ceil(RUNS / 10), seed: SEED },
  );
});
