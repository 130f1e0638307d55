/**
 * Rosters in every format, each broken in many rows, or once as a whole: every fault is found, in its file, at its line, under its code, and
 * what else is said is said of rows that name what is broken. What exactly follows from a fault is in mutations.test.ts, for SDS V1.
 */
import assert from 'node:assert/strict';

import * as fc from 'fast-check';

import { ROSTER_FORMATS, type RosterFormat } from '#core/roster/formats.ts';
import { must } from '#lib/assert.ts';
import { stageFiles } from '#test/helpers/stage-files.ts';
import {
  cellOf,
  type FormatBench,
  idsIn,
  keyTitle,
  type LoneFault,
  namingTitles,
  ROW_FAULTS,
  type RowFault,
} from './format-faults.ts';
import { type FormatRoster, makeTables } from './format-rosters.ts';
import { LONE_FAULTS } from './lone-faults.ts';
import { joinLines, lineOf, type Style, writeLines } from './random-roster.ts';

/** Rosters between two reports of how far it is. */
const ROSTERS_AT_ONCE = 250;

const style: fc.Arbitrary<Style> = fc.record({
  crlf: fc.boolean(),
  bom: fc.boolean(),
  quoteAll: fc.boolean(),
  lastBreak: fc.boolean(),
  blankLines: fc.nat(2),
});
const drop = fc.record({
  format: fc.constantFrom<RosterFormat>(...ROSTER_FORMATS),
  size: fc.record({
    schools: fc.integer({ min: 1, max: 3 }),
    sections: fc.integer({ min: 1, max: 6 }),
    students: fc.integer({ min: 1, max: 20 }),
    teachers: fc.integer({ min: 1, max: 4 }),
  }),
  style,
  chunkBytes: fc.constantFrom(7, 64, 1 << 20, 1 << 20, 1 << 20),
  /** How many rows are tried, and what decides which. */
  tries: fc.integer({ min: 1, max: 60 }),
  luck: fc.nat(0x7fff_ffff),
});

const FOLLOWING = new Set([
  'REFERENCE_NOT_FOUND',
  'REFERENCE_DROPPED',
  'USER_WITHOUT_ROLE',
  'ROW_WITHDRAWN',
  'ORG_WITHDRAWN_NAMED',
]);

interface Found {
  readonly shown: string;
  readonly file: string;
  readonly line: number | undefined;
  readonly code: string;
  readonly field: string | undefined;
}

async function find(
  format: RosterFormat,
  files: Record<string, Buffer>,
  chunkBytes: number,
): Promise<{ found: Found[]; fatal: boolean }> {
  const { findings, result } = await stageFiles(files, { format, chunkBytes });
  const fatal = findings.some(({ severity }) => severity === 'fatal');
  assert.equal(result.fatal, fatal);
  if (fatal) assert.equal(result.itemCount, 0);
  return {
    fatal,
    found: findings.map(({ file, line, code, field }) => ({
      file,
      line,
      code,
      field,
      shown: `${file}${line === undefined ? '' : `:${line}`} ${code}${field === undefined ? '' : ` ${field}`}`,
    })),
  };
}

function write(
  { roster, style }: FormatBench,
  manifest: string | null,
  rowFaults: readonly RowFault[],
  lone: LoneFault | null,
): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  if (manifest !== null) files['manifest.csv'] = Buffer.from(manifest);
  for (const [name, table] of Object.entries(roster)) {
    if (lone?.without === name) continue;
    let lines = writeLines(table, style);
    for (const { file, row, line } of rowFaults)
      if (file === name && line !== undefined) lines[lineOf(row, style) - 1] = line;
    const isEdited = lone?.edit?.file === name;
    if (isEdited) lines = must(lone.edit).lines(lines);
    const own = isEdited && lone.edit?.noBreak === true ? { ...style, lastBreak: false } : style;
    files[name] = lone?.empty === name ? Buffer.alloc(0) : joinLines(lines, own);
  }
  return files;
}

/** Of a row of roles that does not tell whose it is everybody is in doubt. */
function idsInDoubt(
  { roster }: FormatBench,
  rowFaults: readonly RowFault[],
  lone: LoneFault | null,
): readonly string[] {
  if (lone !== null) return lone.lost ?? [];
  const users = roster['users.csv'];
  const isOfAll = rowFaults.some(
    ({ file, finding, line }) =>
      file === 'roles.csv' && (line !== undefined || finding.endsWith(' REQUIRED_MISSING userSourcedId')),
  );
  return [
    ...rowFaults.flatMap(({ lost }) => lost ?? []),
    ...(isOfAll && users !== undefined
      ? Array.from(users.rows.keys(), (row) => cellOf(users, row, keyTitle(users)))
      : []),
  ];
}

/** The ids that are in doubt, and those of records that name one of them as their school. */
function withWhatFollows(roster: FormatRoster, lost: readonly string[]): Set<string> {
  const doubted = new Set(lost);
  for (const table of Object.values(roster)) {
    const school = table.definition.columns.find(
      ({ property, part }) => property === 'school' && part === 'reference',
    )?.title;
    const person = table.definition.columns.find(({ property }) => property === 'person')?.title;
    for (const row of table.rows.keys()) {
      if (!idsIn(cellOf(table, row, school)).some((id) => doubted.has(id))) continue;
      const id = cellOf(table, row, keyTitle(table) ?? person);
      if (id !== '') doubted.add(id);
    }
  }
  return doubted;
}

/** Rows that must have something to say, since they name a record that is not there for sure: `file:line` and title. */
function mustFollow({ roster, style }: FormatBench, rowFaults: readonly RowFault[]): string[] {
  const places: string[] = [];
  const faultyRows = new Set(rowFaults.map(({ file, row }) => `${file} ${row}`));
  const gone = new Set(
    rowFaults.flatMap(({ file, row, lost, finding, line }) => {
      const table = must(roster[file]);
      const { reader } = table.definition;
      const isDropped = line !== undefined || / (?:REQUIRED_MISSING|ID_INVALID) /u.test(finding);
      if (lost === null || !isDropped || reader === 'roles' || reader === 'courses') return [];
      // Another row of the same record may be good.
      const hasOther = table.rows.some(
        (_, other) => other !== row && cellOf(table, other, keyTitle(table)) === lost,
      );
      return hasOther ? [] : [lost];
    }),
  );
  for (const [file, table] of Object.entries(roster)) {
    if (table.definition.describes !== undefined) continue;
    for (const { title, part, required } of table.definition.columns) {
      if (part !== 'reference' || required !== 'always') continue;
      for (const row of table.rows.keys())
        if (!faultyRows.has(`${file} ${row}`) && idsIn(cellOf(table, row, title)).some((id) => gone.has(id)))
          places.push(`${file}:${lineOf(row, style)} ${title}`);
    }
  }
  return places;
}

type Drop = typeof drop extends fc.Arbitrary<infer T> ? T : never;

/** Numbers that one number decides: a linear congruential generator, whose upper bits are good enough to choose with. */
function picker(luck: number): (count: number) => number {
  let state = luck;
  return (count) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
}

/** @returns what kinds of faults were put in, one for each. */
async function checkDrop({ format, size, style, chunkBytes, tries, luck }: Drop): Promise<string[]> {
  const { roster, manifest } = makeTables(format, size);
  const pick = picker(luck);
  const bench: FormatBench = { roster, style, hasManifest: manifest !== null, pick };

  const kinds: string[] = [];
  const rowFaults: RowFault[] = [];
  let lone: LoneFault | null = null;
  if (pick(8) === 0) {
    const name = must(Object.keys(LONE_FAULTS)[pick(Object.keys(LONE_FAULTS).length)]);
    lone = must(LONE_FAULTS[name])(bench);
    fc.pre(lone !== null);
    kinds.push(`${format} ${name}`);
  } else {
    for (let i = 0; i < tries; i += 1) {
      const file = must(Object.keys(roster)[pick(Object.keys(roster).length)]);
      const row = pick(must(roster[file]).rows.length);
      if (rowFaults.some((fault) => fault.file === file && fault.row === row)) continue;
      // Values go wrong in more ways than rows do.
      const names = Object.keys(ROW_FAULTS);
      const name = pick(2) === 0 ? 'a bad value' : must(names[pick(names.length)]);
      const fault = must(ROW_FAULTS[name])(bench, file, row);
      if (fault === null) continue;
      rowFaults.push(fault);
      kinds.push(`${format} ${file} ${fault.finding.split(' ')[1]}`);
    }
    fc.pre(rowFaults.length > 0);
  }

  const files = write(bench, manifest, rowFaults, lone);
  // Two files of one row each may have become alike, which is a fault of its own.
  fc.pre(
    new Set(Object.values(files).map((bytes) => bytes.toString('latin1'))).size === Object.keys(files).length,
  );
  const { found } = await find(format, files, chunkBytes);
  const expected = lone === null ? rowFaults.map(({ finding }) => finding) : [...lone.findings];
  const left = [...found];
  const missed = expected.filter((finding) => {
    const at = left.findIndex(({ shown }) => shown === finding);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
  const everything = `${format}: ${found.map(({ shown }) => shown).join(', ')}`;
  assert.deepEqual(missed, [], everything);

  const doubted = withWhatFollows(roster, idsInDoubt(bench, rowFaults, lone));
  const following = lone?.following ?? 'connected';
  const unconnected = left.filter(({ file, line, code }) => {
    if (following === 'none' || !FOLLOWING.has(code) || line === undefined) return true;
    if (following === 'any') return false;
    const table = must(roster[file]);
    const row = line - lineOf(0, style);
    return !namingTitles(table).some((title) =>
      idsIn(cellOf(table, row, title)).some((id) => doubted.has(id)),
    );
  });
  assert.deepEqual(
    unconnected.map(({ shown }) => shown),
    [],
    everything,
  );
  if (lone !== null) return kinds;
  const saying = new Set(left.map(({ file, line, field }) => `${file}:${line} ${field}`));
  assert.deepEqual(
    mustFollow(bench, rowFaults).filter((place) => !saying.has(place)),
    [],
    `says nothing of what it names: ${everything}`,
  );
  return kinds;
}

/** At least as many faults, in rosters that the seed alone decides. @returns how many there were, of how many kinds, in how many rosters. */
export async function mutateFormats(
  { faults, seed }: { readonly faults: number; readonly seed: number },
  onProgress: (madeFaults: number, rosters: number) => void = () => undefined,
): Promise<{ made: number; kinds: ReadonlySet<string>; rosters: number }> {
  const kinds = new Set<string>();
  let made = 0;
  let rosters = 0;
  for (let batch = 0; made < faults; batch += 1) {
    const numRuns = Math.min(ROSTERS_AT_ONCE, Math.ceil((faults - made) / 12));
    await fc.assert(
      fc.asyncProperty(drop, async (one) => {
        const found = await checkDrop(one);
        made += found.length;
        rosters += 1;
        for (const kind of found) kinds.add(kind);
      }),
      { numRuns, seed: seed + batch },
    );
    onProgress(made, rosters);
  }
  return { made, kinds, rosters };
}

/** Nothing is found in the same rosters without a fault. */
export async function checkSound(rosters: number, seed: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(drop, async ({ format, size, style, chunkBytes }) => {
      const { roster, manifest } = makeTables(format, size);
      const bench: FormatBench = { roster, style, hasManifest: manifest !== null, pick: () => 0 };
      const { found } = await find(format, write(bench, manifest, [], null), chunkBytes);
      assert.deepEqual(
        found.map(({ shown }) => shown),
        [],
      );
    }),
    { numRuns: rosters, seed },
  );
}
