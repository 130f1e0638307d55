import { must } from '#lib/assert.ts';

/** A file as a table; `header` has the titles. */
export interface Table {
  header: string[];
  rows: string[][];
}

export const FILE_NAMES = [
  'school.csv',
  'section.csv',
  'student.csv',
  'teacher.csv',
  'studentenrollment.csv',
  'teacherroster.csv',
] as const;
export type FileName = (typeof FILE_NAMES)[number];
export type Roster = Record<FileName, Table>;

/** How the tables are written down; none of it matters to what they say. */
export interface Style {
  readonly crlf: boolean;
  readonly bom: boolean;
  readonly quoteAll: boolean;
  readonly lastBreak: boolean;
  /** Blank lines below the header. */
  readonly blankLines: number;
}

export interface Size {
  readonly schools: number;
  readonly sections: number;
  readonly students: number;
  readonly teachers: number;
}

/** The titles of the made-up rosters; the required ones first. */
export const TITLES: Readonly<
  Record<FileName, { required: readonly string[]; optional: readonly string[] }>
> = {
  'school.csv': { required: ['SIS ID', 'Name'], optional: ['City'] },
  'section.csv': {
    required: ['SIS ID', 'School SIS ID', 'Section Name'],
    optional: ['Term SIS ID', 'Status'],
  },
  'student.csv': {
    required: ['SIS ID', 'School SIS ID', 'First Name', 'Last Name', 'Username'],
    optional: ['Status', 'Grade', 'Birthdate'],
  },
  'teacher.csv': {
    required: ['SIS ID', 'School SIS ID', 'First Name', 'Last Name', 'Username'],
    optional: ['Status', 'Title'],
  },
  'studentenrollment.csv': { required: ['Section SIS ID', 'SIS ID'], optional: [] },
  'teacherroster.csv': { required: ['Section SIS ID', 'SIS ID'], optional: [] },
};

/**
 * A roster without a fault. With two schools or more the first student has a second row, the last one, in another school;
 * every record is named by another one, if there are as many.
 */
export function makeRoster({ schools, sections, students, teachers }: Size): Roster {
  const school = (i: number): string => `School${(i % schools) + 1}`;
  const times = <T>(count: number, make: (i: number) => T): T[] =>
    Array.from({ length: count }, (_, i) => make(i));
  const person = (role: string, i: number): string[] => [
    `${role}${i + 1}`,
    school(i),
    `Given${i + 1}`,
    `Öster${i + 1}`,
    `${role}.${i + 1}`.toLowerCase(),
    'Active',
  ];
  const studentRows = times(students, (i) => [
    ...person('Pupil', i),
    String((i % 9) + 1),
    `2015-03-${10 + i}`,
  ]);
  const first = must(studentRows[0]);
  if (schools > 1) studentRows.push([must(first[0]), school(1), ...first.slice(2)]);
  const table = (file: FileName, rows: string[][]): Table => ({
    header: [...TITLES[file].required, ...TITLES[file].optional],
    rows,
  });
  return {
    'school.csv': table(
      'school.csv',
      times(schools, (i) => [school(i), `House ${i + 1}`, 'Lake "North", East']),
    ),
    'section.csv': table(
      'section.csv',
      times(sections, (i) => [`Class${i + 1}`, school(i), `Subject ${i + 1}`, 'T1', 'Active']),
    ),
    'student.csv': table('student.csv', studentRows),
    'teacher.csv': table(
      'teacher.csv',
      times(teachers, (i) => [...person('Tutor', i), 'Head, deputy']),
    ),
    'studentenrollment.csv': table(
      'studentenrollment.csv',
      times(Math.max(sections, students), (i) => [
        `Class${(i % sections) + 1}`,
        `Pupil${(i % students) + 1}`,
      ]),
    ),
    'teacherroster.csv': table(
      'teacherroster.csv',
      times(Math.max(sections, teachers), (i) => [
        `Class${(i % sections) + 1}`,
        `Tutor${(i % teachers) + 1}`,
      ]),
    ),
  };
}

/** The rows of a person of several schools. */
export function isOfSeveralRows({ rows }: Table, row: number): boolean {
  return rows.filter(([id]) => id === rows[row]?.[0]).length > 1;
}

/** Which line row i is on; the first row is 0. */
export function lineOf(row: number, { blankLines }: Style): number {
  return row + 2 + blankLines;
}

/** The cells of a row as they are written. */
export function writeCells(cells: readonly string[], { quoteAll }: Style): string[] {
  return cells.map((cell) => (quoteAll || /[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell));
}

/** The lines of a file, without their breaks. */
export function writeLines({ header, rows }: Table, style: Style): string[] {
  return [
    writeCells(header, style).join(','),
    ...Array.from({ length: style.blankLines }, () => ''),
    ...rows.map((row) => writeCells(row, style).join(',')),
  ];
}

export function joinLines(lines: readonly string[], { crlf, bom, lastBreak }: Style): Buffer {
  const lineBreak = crlf ? '\r\n' : '\n';
  return Buffer.from(`${bom ? '\ufeff' : ''}${lines.join(lineBreak)}${lastBreak ? lineBreak : ''}`);
}
