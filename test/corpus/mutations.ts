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
  pick(count: number): number;
}

const ENTITIES = ['school.csv', 'section.csv', 'student.csv', 'teacher.csv'] as const;
const PAIRS = ['studentenrollment.csv', 'teacherroster.csv'] as const;
const PEOPLE = ['student.csv', 'teacher.csv'] as const;

const choose = <T>({ pick }: Bench, list: readonly T[]): T => must(list[pick(list.length)]);
const isPair = (file: FileName): boolean => (PAIRS as readonly FileName[]).includes(file);

/** Each puts one fault at a random place; null: this roster has no place for it. */
export const MUTATIONS: Readonly<Record<string, (bench: Bench) => Fault | null>> = {
  'a required value deleted': (bench) => {
    const file = choose(bench, FILE_NAMES);
    return setValue(bench, file, choose(bench, TITLES[file].required), '', 'REQUIRED_MISSING');
  },
  'a required value of blanks': (bench) => {
    const file = choose(bench, FILE_NAMES);
    return setValue(bench, file, choose(bench, TITLES[file].required), ' \t ', 'REQUIRED_MISSING');
  },
  'a reference that dangles': (bench) => {
    const [file, title] = choose(bench, REFERENCES);
    return setValue(bench, file, title, 'Nowhere1', 'REFERENCE_NOT_FOUND', true);
  },
  'a name too long': (bench) =>
    setValue(
      bench,
      choose(bench, PEOPLE),
      choose(bench, ['First Name', 'Last Name']),
      'ö'.repeat(65),
      'VALUE_TOO_LONG',
    ),
  'a user name with a blank': (bench) =>
    setValue(bench, choose(bench, PEOPLE), 'Username', 'two words', 'USERNAME_INVALID'),
  'a user name too long': (bench) =>
    setValue(bench, choose(bench, PEOPLE), 'Username', 'u'.repeat(65), 'USERNAME_INVALID'),
  'a sign in a section id': (bench) => setValue(bench, 'section.csv', 'SIS ID', 'Class#1', 'ID_INVALID'),
  'a section id too long': (bench) => setValue(bench, 'section.csv', 'SIS ID', 'C'.repeat(57), 'ID_INVALID'),
  'an optional value too long': (bench) => {
    const file = choose(bench, ENTITIES);
    const title = choose(
      bench,
      TITLES[file].optional.filter((one) => one !== 'Birthdate' && one !== 'Term SIS ID'),
    );
    return setOptional(bench, file, title, 'o'.repeat(257), 'VALUE_TOO_LONG');
  },
  'a date that is none': (bench) =>
    setOptional(bench, 'student.csv', 'Birthdate', '2015-02-30', 'DATE_INVALID'),
  'a user name twice': (bench) => {
    const file = choose(bench, PEOPLE);
    const { rows } = bench.roster[file];
    const row = bench.pick(rows.length);
    if (row === 0 || isOfSeveralRows(bench.roster[file], row)) return null;
    must(rows[row])[4] = must(rows[bench.pick(row)]?.[4]).toUpperCase();
    return { findings: [`${file}:${lineOf(row, bench.style)} USERNAME_DUPLICATE Username`] };
  },
  'a quote opened': (bench) => breakCell(bench, 'ROW_BROKEN_QUOTE', (cell) => `"${cell.replaceAll('"', '')}`),
  'a quote inside': (bench) =>
    breakCell(bench, 'ROW_BROKEN_QUOTE', (cell) => {
      const plain = cell.replaceAll('"', '').replaceAll(',', '');
      return `${plain.slice(0, 1)}"${plain.slice(1)}`;
    }),
  'a NUL': (bench) =>
    breakCell(bench, 'ROW_CONTROL_CHARACTER', (cell) => `${cell.slice(0, 2)}\0${cell.slice(2)}`),
  'a lone carriage return': (bench) =>
    breakCell(bench, 'ROW_CONTROL_CHARACTER', (cell) => `${cell.slice(0, 2)}\r${cell.slice(2)}`),
  'a field too few': (bench) => breakRow(bench, (cells) => cells.slice(0, -1), true),
  'a field too many': (bench) => breakRow(bench, (cells) => [...cells, 'more'], false),
  'two rows in one line': joinRows,
  'a row again': (bench) => repeatRow(bench, false),
  'an id again, with other values': (bench) => repeatRow(bench, true),
  'a file cut off': cutFile,
  'a column removed': (bench) => {
    const [file, title] = chooseRequired(bench);
    const table = bench.roster[file];
    const position = table.header.indexOf(title);
    for (const cells of [table.header, ...table.rows]) cells.splice(position, 1);
    return unusable(bench, file, [`${file}:1 HEADER_MISSING ${title}`]);
  },
  'a title misspelled': (bench) => {
    const [file, title] = chooseRequired(bench);
    const { header } = bench.roster[file];
    header[header.indexOf(title)] = `${title}x`;
    return unusable(bench, file, [`${file}:1 HEADER_MISSING ${title}`, `${file}:1 HEADER_UNKNOWN ${title}x`]);
  },
  'a title twice': (bench) => {
    const [file, title] = chooseRequired(bench);
    const { header } = bench.roster[file];
    const lost = choose(
      bench,
      header.filter((one) => one !== title),
    );
    header[header.indexOf(lost)] = title;
    const missing = TITLES[file].required.includes(lost) ? [`${file}:1 HEADER_MISSING ${lost}`] : [];
    return unusable(bench, file, [`${file}:1 HEADER_DUPLICATE ${title}`, ...missing]);
  },
  'a column nobody knows': (bench) => {
    const file = choose(bench, FILE_NAMES);
    const { header, rows } = bench.roster[file];
    for (const cells of [header, ...rows]) cells.push('Shoe Size');
    return { findings: [`${file}:1 HEADER_UNKNOWN Shoe Size`] };
  },
  'a file missing': (bench) => {
    const file = choose(bench, FILE_NAMES);
    return { ...unusable(bench, file, [`${file} FILE_MISSING_REQUIRED`]), without: [file] };
  },
  'a file of no bytes': (bench) => {
    const file = choose(bench, FILE_NAMES);
    return { ...unusable(bench, file, [`${file} HEADER_UNREADABLE`]), empty: [file] };
  },
  'a file of its header alone': (bench) => {
    const file = choose(bench, FILE_NAMES);
    bench.roster[file].rows = [];
    return { findings: [`${file} FILE_EMPTY`] };
  },
  'two files swapped': swapFiles,
};

const REFERENCES: readonly (readonly [FileName, string])[] = [
  ...(['section.csv', 'student.csv', 'teacher.csv'] as const).map((file) => [file, 'School SIS ID'] as const),
  ...PAIRS.flatMap((file) => TITLES[file].required.map((title) => [file, title] as const)),
];

function chooseRequired(bench: Bench): [FileName, string] {
  const file = choose(bench, FILE_NAMES);
  return [file, choose(bench, TITLES[file].required)];
}

/** A value that makes its row bad. */
function setValue(
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
function setOptional(
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
function breakCell(bench: Bench, code: FindingCode, change: (cell: string) => string): Fault {
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

function breakRow(bench: Bench, change: (cells: string[]) => string[], short: boolean): Fault {
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

function joinRows(bench: Bench): Fault | null {
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
function repeatRow(bench: Bench, changed: boolean): Fault {
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
function cutFile(bench: Bench): Fault {
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

function unusable({ roster }: Bench, file: FileName, findings: readonly string[]): Fault {
  return { findings, unusable: [file], read: { ...roster, [file]: { header: [], rows: [] } } };
}

function swapFiles(bench: Bench): Fault {
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
