/** Faults of whole files, and of rows that are compared with others: one to a roster. */
import { must } from '#lib/assert.ts';
import {
  badValuesOf,
  cellOf,
  choose,
  columnOf,
  type FormatBench,
  keyTitle,
  type LoneFault,
} from './format-faults.ts';
import type { FormatTable } from './format-rosters.ts';
import { lineOf, writeCells } from './random-roster.ts';

const chooseFile = (bench: FormatBench): string => choose(bench, Object.keys(bench.roster));
const tableOf = ({ roster }: FormatBench, file: string): FormatTable => must(roster[file]);

/** Titles that the header of a file must have. */
function requiredTitles({ definition }: FormatTable): string[] {
  return definition.columns.filter(({ required }) => required !== 'no').map(({ title }) => title);
}

function chooseRequired(bench: FormatBench): [file: string, title: string] {
  const file = chooseFile(bench);
  return [file, choose(bench, requiredTitles(tableOf(bench, file)))];
}

/** A second row of an id, or the same pair again, somewhere below the first. */
function repeatRow(bench: FormatBench, changed: boolean): LoneFault | null {
  const file = chooseFile(bench);
  const table = tableOf(bench, file);
  const { definition, header, rows } = table;
  const key = keyTitle(table);
  const row = bench.pick(rows.length);
  const copy = [...must(rows[row])];
  if (changed) {
    const told = definition.columns.find(
      ({ property, part }) => part === 'record' && (property === 'displayName' || property === 'givenName'),
    );
    if (key === undefined || told === undefined) return null;
    copy[header.indexOf(told.title)] = 'Another';
  }
  const isSecondSchool = rows.some(
    (other, at) => at !== row && other[header.indexOf(key ?? '')] === cellOf(table, row, key),
  );
  // A pupil in another school of the roster has two rows already, and the copy may stand before the second one.
  if (key !== undefined && isSecondSchool) return null;
  // Clever has a row for each contact.
  if (!changed && definition.repeats === true) return null;
  const place = row + 1 + bench.pick(rows.length - row);
  rows.splice(place, 0, copy);
  const isPerson = ['students', 'teachers'].includes(definition.reader);
  const code = changed || isPerson ? 'ID_DUPLICATE' : 'ROW_DUPLICATE';
  return {
    findings: [`${file}:${lineOf(place, bench.style)} ${code}${key === undefined ? '' : ` ${key}`}`],
    following: 'none',
  };
}

function spoilHeader(
  bench: FormatBench,
  spoil: (table: FormatTable, title: string, file: string) => readonly string[],
): LoneFault {
  const [file, title] = chooseRequired(bench);
  return {
    findings: spoil(tableOf(bench, file), title, file).map((one) => `${file}:1 ${one}`),
    following: 'none',
  };
}

const people = ({ roster }: FormatBench): string[] =>
  Object.keys(roster).filter(
    (file) => roster[file]?.definition.columns.some(({ property }) => property === 'username') === true,
  );

/** Each puts one fault at a random place; null: this roster has no place for it. */
export const LONE_FAULTS: Readonly<Record<string, (bench: FormatBench) => LoneFault | null>> = {
  'a user name that no account has': (bench) => {
    const file = choose(bench, people(bench));
    const table = tableOf(bench, file);
    const row = bench.pick(table.rows.length);
    const column = must(table.definition.columns.find(({ property }) => property === 'username'));
    const lost = cellOf(table, row, keyTitle(table));
    must(table.rows[row])[table.header.indexOf(column.title)] = choose(bench, ['two words', 'u'.repeat(65)]);
    return {
      findings: [`${file}:${lineOf(row, bench.style)} USERNAME_INVALID ${column.title}`],
      lost: [lost],
      following: 'connected',
    };
  },
  'a user name twice': (bench) => {
    const file = choose(bench, people(bench));
    const table = tableOf(bench, file);
    const row = bench.pick(table.rows.length);
    const { title } = must(table.definition.columns.find(({ property }) => property === 'username'));
    const ids = table.rows.map((_, at) => cellOf(table, at, keyTitle(table)));
    const other = bench.pick(Math.max(row, 1));
    const isAlone = (at: number): boolean => ids.filter((id) => id === ids[at]).length === 1;
    if (row === 0 || !isAlone(row) || !isAlone(other)) return null;
    // With its domain: without one, pupils and staff have domains of their own.
    const position = table.header.indexOf(title);
    must(table.rows[other])[position] = 'one.name@contoso.example';
    must(table.rows[row])[position] = 'One.Name@Contoso.example';
    return {
      findings: [`${file}:${lineOf(row, bench.style)} USERNAME_DUPLICATE ${title}`],
      following: 'none',
    };
  },
  'a row again': (bench) => repeatRow(bench, false),
  'an id again, with other values': (bench) => repeatRow(bench, true),
  'a row withdrawn': (bench) => {
    const file = chooseFile(bench);
    const table = tableOf(bench, file);
    const titles = table.header.filter(
      (title) => columnOf(table.definition, title)?.withdrawnBy !== undefined,
    );
    if (titles.length === 0) return null;
    const title = choose(bench, titles);
    const row = bench.pick(table.rows.length);
    const lost = table.rows[row]?.filter((cell) => cell !== '') ?? [];
    must(table.rows[row])[table.header.indexOf(title)] = title === 'enabledUser' ? 'FALSE' : 'toBeDeleted';
    return {
      findings: [`${file}:${lineOf(row, bench.style)} ROW_WITHDRAWN ${title}`],
      lost,
      following: 'connected',
    };
  },
  'a term that ends before it starts': (bench) => {
    const file = choose(
      bench,
      Object.keys(bench.roster).filter((name) => {
        const { definition } = must(bench.roster[name]);
        return definition.reader === 'sessions' || definition.reader === 'sections';
      }),
    );
    const table = tableOf(bench, file);
    const titleOf = (property: string): string | undefined =>
      table.definition.columns.find((column) => column.property === property)?.title;
    const [start, end] = [titleOf('startDate'), titleOf('endDate')];
    if (start === undefined || end === undefined || table.rows.length > 1) return null;
    const row = must(table.rows[0]);
    row[table.header.indexOf(start)] = '2027-02-01';
    row[table.header.indexOf(end)] = '2027-01-31';
    return { findings: [`${file}:${lineOf(0, bench.style)} DATE_RANGE ${end}`], following: 'none' };
  },
  'two rows in one line': (bench) => {
    const file = chooseFile(bench);
    const table = tableOf(bench, file);
    if (table.rows.length < 2) return null;
    const row = bench.pick(table.rows.length - 1);
    const line = lineOf(row, bench.style);
    return {
      findings: [`${file}:${line} ROW_FIELD_COUNT`],
      lost: [...must(table.rows[row]), ...must(table.rows[row + 1])].filter((cell) => cell !== ''),
      following: 'connected',
      edit: { file, lines: (lines) => lines.toSpliced(line - 1, 2, `${lines[line - 1]},${lines[line]}`) },
    };
  },
  'a file cut off': (bench) => {
    const file = chooseFile(bench);
    const table = tableOf(bench, file);
    const row = bench.pick(table.rows.length);
    const line = lineOf(row, bench.style);
    const whole = writeCells(must(table.rows[row]), bench.style).slice(0, -1).join(',');
    const part = whole.slice(0, 1 + bench.pick(whole.length));
    return {
      findings: [`${file}:${line} FILE_TRUNCATED`],
      following: 'none',
      edit: { file, noBreak: true, lines: (lines) => [...lines.slice(0, line - 1), part] },
    };
  },
  'a column removed': (bench) =>
    spoilHeader(bench, ({ header, rows }, title) => {
      const position = header.indexOf(title);
      for (const cells of [header, ...rows]) cells.splice(position, 1);
      return [`HEADER_MISSING ${title}`];
    }),
  'a title misspelled': (bench) =>
    spoilHeader(bench, ({ header }, title) => {
      header[header.indexOf(title)] = `${title}x`;
      return [`HEADER_MISSING ${title}`, `HEADER_UNKNOWN ${title}x`];
    }),
  'a title twice': (bench) =>
    spoilHeader(bench, (table, title) => {
      const { header } = table;
      const lost = choose(
        bench,
        header.filter((one) => one !== title),
      );
      header[header.indexOf(lost)] = title;
      return [
        `HEADER_DUPLICATE ${title}`,
        ...(requiredTitles(table).includes(lost) ? [`HEADER_MISSING ${lost}`] : []),
      ];
    }),
  'a column nobody knows': (bench) => {
    const file = chooseFile(bench);
    const { header, rows } = tableOf(bench, file);
    for (const cells of [header, ...rows]) cells.push('Shoe Size');
    return { findings: [`${file}:1 HEADER_UNKNOWN Shoe Size`], following: 'none' };
  },
  'a file missing': (bench) => {
    const file = chooseFile(bench);
    const { optional = false, together = [] } = tableOf(bench, file).definition;
    const code =
      together.length > 0 ? 'FILE_PAIR_INCOMPLETE' : optional ? undefined : 'FILE_MISSING_REQUIRED';
    return {
      findings: [
        ...(code === undefined ? [] : [`${file} ${code}`]),
        ...(bench.hasManifest ? [`${file} MANIFEST_MISMATCH`] : []),
      ],
      following: code === undefined ? 'any' : 'none',
      without: file,
    };
  },
  'a file of no bytes': (bench) => {
    const file = chooseFile(bench);
    return { findings: [`${file} HEADER_UNREADABLE`], following: 'none', empty: file };
  },
  'a file of its header alone': (bench) => {
    const file = chooseFile(bench);
    tableOf(bench, file).rows.splice(0);
    return { findings: [`${file} FILE_EMPTY`], following: 'any' };
  },
};

/** The codes that are put into rows: each must come up in a run of many. */
export function codesOf({ definition }: FormatTable): Set<string> {
  return new Set(
    definition.columns.flatMap((column) => badValuesOf(column, definition).map(({ code }) => code)),
  );
}
