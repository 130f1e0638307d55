import { must } from '#lib/assert.ts';
import {
  type Bench,
  breakCell,
  breakRow,
  choose,
  cutFile,
  ENTITIES,
  type Fault,
  joinRows,
  PAIRS,
  repeatRow,
  setOptional,
  setValue,
  swapFiles,
  unusable,
} from './faults.ts';
import { FILE_NAMES, type FileName, isOfSeveralRows, lineOf, TITLES } from './random-roster.ts';

const PEOPLE = ['student.csv', 'teacher.csv'] as const;
const REFERENCES: readonly (readonly [FileName, string])[] = [
  ...(['section.csv', 'student.csv', 'teacher.csv'] as const).map((file) => [file, 'School SIS ID'] as const),
  ...PAIRS.flatMap((file) => TITLES[file].required.map((title) => [file, title] as const)),
];

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

function chooseRequired(bench: Bench): [FileName, string] {
  const file = choose(bench, FILE_NAMES);
  return [file, choose(bench, TITLES[file].required)];
}
