import type { FindingCode } from '#core/findings.ts';
import { must } from '#lib/assert.ts';
import type { BadRow } from './expect-references.ts';
import {
  FILE_NAMES,
  type FileName,
  isOfSeveralRows,
  lineOf,
  type Roster,
  type Style,
  TITLES,
  writeCells,
} from './random-roster.ts';

/** One fault, put into a roster. */
export interface Fault {
  /** `file[:line] CODE[ field]`: what must be said of the fault itself. */
  readonly findings: readonly string[];
  readonly badRows?: readonly BadRow[];
  /** Files of which nothing is assumed. */
  readonly unusable?: readonly FileName[];
  /** Changes the lines of a file after they were written; `noBreak`: the last one has none. */
  readonly edit?: {
    readonly file: FileName;
    readonly noBreak?: boolean;
    readonly lines: (lines: readonly string[]) => string[];
  };
  /** Files that are not handed in. */
  readonly without?: readonly FileName[];
  /** Files of no bytes. */
  readonly empty?: readonly FileName[];
  /** The roster as it is read, if that is not what is written. */
  readonly read?: Roster;
}

export interface Bench {
  /** May be changed: it is written down after the fault was put in. */
  readonly roster: Roster;
  readonly style: Style;
  /** A number below `count`. */
  readonly pick: (count: number) => number;
}

export const ENTITIES = ['school.csv', 'section.csv', 'student.csv', 'teacher.csv'] as const;
export const PAIRS = ['studentenrollment.csv', 'teacherroster.csv'] as const;

export const choose = <T>({ pick }: Bench, list: readonly T[]): T => must(list[pick(list.length)]);
const isPair = (file: FileName): boolean => (PAIRS as readonly FileName[]).includes(file);

/** A value that makes its row bad. */
export function setValue(
  { roster, style, pick }: Bench,
  file: FileName,
  title: string,
  value: string,
  code: FindingCode,
  followed = false,
): Fault {
  const { header, rows } = roster[file];
  const row = pick(rows.length);
  const cells = must(rows[row]);
  cells[header.indexOf(title)] = value;
  // What dangles is found where references are followed.
  if (followed) return { findings: [] };
  const id = must(cells[header.indexOf('SIS ID')]);
  return {
    findings: [`${file}:${lineOf(row, style)} ${code} ${title}`],
    badRows: [{ file, row, id: id.trim() === '' ? null : id }],
  };
}

/** A value that is left out. */
export function setOptional(
  bench: Bench,
  file: FileName,
  title: string,
  value: string,
  code: FindingCode,
): Fault | null {
  const table = bench.roster[file];
  const row = bench.pick(table.rows.length);
  if (isOfSeveralRows(table, row)) return null;
  must(table.rows[row])[table.header.indexOf(title)] = value;
  return { findings: [`${file}:${lineOf(row, bench.style)} ${code} ${title}`] };
}

/** A cell, as it is written, that makes its row unreadable from there on. */
export function breakCell(bench: Bench, code: FindingCode, change: (cell: string) => string): Fault {
  const { roster, style, pick } = bench;
  const file = choose(bench, FILE_NAMES);
  const { header, rows } = roster[file];
  const row = pick(rows.length);
  const column = pick(header.length);
  const written = writeCells(must(rows[row]), style);
  written[column] = change(must(written[column]));
  const cut = code === 'ROW_BROKEN_QUOTE' && row === rows.length - 1 && !style.lastBreak;
  const id = isPair(file) || column === 0 ? null : must(rows[row]?.[0]);
  return brokenLine(bench, file, row, written.join(','), cut ? 'FILE_TRUNCATED' : code, cut ? null : id);
}

export function breakRow(bench: Bench, change: (cells: string[]) => string[], short: boolean): Fault {
  const { roster, style, pick } = bench;
  const file = choose(bench, FILE_NAMES);
  const { rows } = roster[file];
  const row = pick(rows.length);
  const written = change(writeCells(must(rows[row]), style)).join(',');
  const cut = short && row === rows.length - 1 && !style.lastBreak;
  const id = isPair(file) || cut ? null : must(rows[row]?.[0]);
  return brokenLine(bench, file, row, written, cut ? 'FILE_TRUNCATED' : 'ROW_FIELD_COUNT', id);
}

function brokenLine(
  { style }: Bench,
  file: FileName,
  row: number,
  text: string,
  code: FindingCode,
  id: string | null,
): Fault {
  const line = lineOf(row, style);
  return {
    findings: [`${file}:${line} ${code}`],
    badRows: [{ file, row, id }],
    unusable: code === 'FILE_TRUNCATED' ? [file] : [],
    edit: { file, lines: (lines) => lines.with(line - 1, text) },
  };
}

export function joinRows(bench: Bench): Fault | null {
  const { roster, style, pick } = bench;
  const file = choose(bench, ENTITIES);
  const { header, rows } = roster[file];
  if (rows.length < 2) return null;
  const row = pick(rows.length - 1);
  const line = lineOf(row, style);
  const read = { ...roster, [file]: { header, rows: rows.toSpliced(row + 1, 1) } };
  return {
    findings: [`${file}:${line} ROW_FIELD_COUNT`],
    badRows: [{ file, row, id: must(rows[row]?.[0]) }],
    edit: { file, lines: (lines) => lines.toSpliced(line - 1, 2, `${lines[line - 1]},${lines[line]}`) },
    read,
  };
}

/** The copy comes somewhere behind the row it repeats. */
export function repeatRow(bench: Bench, changed: boolean): Fault {
  const { roster, style, pick } = bench;
  const file = choose(bench, changed ? ENTITIES : FILE_NAMES);
  const { header, rows } = roster[file];
  const row = pick(rows.length);
  const copy = [...must(rows[row])];
  if (changed) copy[2] = file === 'school.csv' ? 'Hilltop' : 'Another';
  const place = row + 1 + pick(rows.length - row);
  rows.splice(place, 0, copy);
  const isPerson = header.includes('Username');
  const code = changed || isPerson ? 'ID_DUPLICATE' : 'ROW_DUPLICATE';
  return { findings: [`${file}:${lineOf(place, style)} ${code}${isPair(file) ? '' : ' SIS ID'}`] };
}

/** Somewhere in a row, with at least one byte of it and without its last field. */
export function cutFile(bench: Bench): Fault {
  const { roster, style, pick } = bench;
  const file = choose(bench, FILE_NAMES);
  const { header, rows } = roster[file];
  const row = pick(rows.length);
  const line = lineOf(row, style);
  const whole = writeCells(must(rows[row]), style).slice(0, -1).join(',');
  const part = whole.slice(0, 1 + pick(whole.length));
  return {
    findings: [`${file}:${line} FILE_TRUNCATED`],
    unusable: [file],
    edit: { file, noBreak: true, lines: (lines) => [...lines.slice(0, line - 1), part] },
    read: { ...roster, [file]: { header, rows: rows.slice(0, row) } },
  };
}

export function unusable({ roster }: Bench, file: FileName, findings: readonly string[]): Fault {
  return { findings, unusable: [file], read: { ...roster, [file]: { header: [], rows: [] } } };
}

export function swapFiles(bench: Bench): Fault {
  const { roster } = bench;
  const one = choose(bench, FILE_NAMES);
  const other = choose(
    bench,
    FILE_NAMES.filter((file) => file !== one),
  );
  [roster[one], roster[other]] = [roster[other], roster[one]];
  const read = { ...roster };
  const findings: string[] = [];
  const lost: FileName[] = [];
  for (const file of [one, other]) {
    const { header } = roster[file];
    const { required, optional } = TITLES[file];
    const missing = required.filter((title) => !header.includes(title));
    const unknown = header.filter((title) => !required.includes(title) && !optional.includes(title));
    findings.push(...missing.map((title) => `${file}:1 HEADER_MISSING ${title}`));
    findings.push(...unknown.map((title) => `${file}:1 HEADER_UNKNOWN ${title}`));
    if (missing.length === 0) continue;
    lost.push(file);
    read[file] = { header: [], rows: [] };
  }
  return { findings, unusable: lost, read };
}
