import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';

/** How large a roster is. Enrollments are those of students; each section has one entry in the teacher roster besides. */
export interface RosterShape {
  readonly schools: number;
  readonly students: number;
  readonly teachers: number;
  readonly sections: number;
  readonly enrollments: number;
}

export const ROSTER_SIZES = {
  village: { schools: 1, students: 120, teachers: 8, sections: 12, enrollments: 700 },
  school: { schools: 1, students: 1_000, teachers: 60, sections: 100, enrollments: 5_900 },
  /** 716,100 rows in all, with 10,000 entries of the teacher roster. */
  district: { schools: 100, students: 100_000, teachers: 6_000, sections: 10_000, enrollments: 590_000 },
  state: { schools: 1_000, students: 1_000_000, teachers: 60_000, sections: 100_000, enrollments: 5_900_000 },
  nation: {
    schools: 10_000,
    students: 10_000_000,
    teachers: 600_000,
    sections: 1_000_000,
    enrollments: 59_000_000,
  },
} as const satisfies Record<string, RosterShape>;

export type RosterSize = keyof typeof ROSTER_SIZES;

export interface GeneratorOptions {
  readonly size: RosterSize | RosterShape;
  readonly seed: number;
  /** Part of the rows that differ from the roster without it (0.005: half a percent): changed, moved, gone and new ones. */
  readonly change?: number;
  /** Part of the rows that are faulty, of every kind of fault in turn (0.002: two in a thousand). */
  readonly faults?: number;
  /** Nothing of the first school is there. */
  readonly withoutFirstSchool?: boolean;
  /** Every id is another one, and everything else the same. */
  readonly newIds?: boolean;
  /** Everybody has the user name of the next one, and the last one that of the first. */
  readonly namesHandedOn?: boolean;
}

const FIRST =
  'Ada Ben Cleo Dara Emil Fay Gus Hana Ivo June Kai Lena Milo Nora Otis Pia Quin Rosa Sam Tess'.split(' ');
const LAST =
  'Alder Birch Cedar Elm Fir Gorse Hazel Iris Juniper Larch Maple Oak Pine Rowan Sorrel Thorn Willow Yew'.split(
    ' ',
  );
const SUBJECTS = 'Math English Science History Art Music Geography Biology'.split(' ');

/**
 * Writes the six files of SDS V1 (CRLF, all columns of the official sample), streaming. The same options make the same
 * bytes. @returns rows in all, headers left out.
 */
export async function generateRoster(directory: string, options: GeneratorOptions): Promise<number> {
  const size = typeof options.size === 'string' ? ROSTER_SIZES[options.size] : options.size;
  const { seed, change = 0, faults = 0, withoutFirstSchool = false } = options;
  const prefix = options.newIds === true ? 'N' : '';
  const nameOf = (person: number, people: number): number =>
    options.namesHandedOn === true ? (person + 1) % people : person;
  await mkdir(directory, { recursive: true });
  /** 0 to 1, the same for the same file and row. */
  const chance = (purpose: number, row: number): number =>
    mix(mix(seed ^ Math.imul(purpose, 0x9e3779b1)) ^ row) / 2 ** 32;
  const pick = (list: readonly string[], purpose: number, row: number): string =>
    list[Math.floor(chance(purpose, row) * list.length)] ?? '';
  const changes = (purpose: number, row: number): boolean => change > 0 && chance(purpose, row) < change;
  const schoolOfSection = (section: number): number => section % size.schools;
  const schoolOfStudent = (student: number): number => student % size.schools;
  const sectionsPerSchool = Math.floor(size.sections / size.schools);
  /** A tenth of what changes is gone, and as much is new. */
  const isGone = (student: number): boolean => change > 0 && chance(11, student) < change / 10;
  const added = Math.floor((size.students * change) / 10);
  let rows = 0;

  const isLeftOut = (school: number): boolean => withoutFirstSchool && school === 0;

  const write = async (name: string, header: string, lines: Iterable<string>): Promise<void> => {
    const stream = createWriteStream(join(directory, name));
    let text = `${header}\r\n`;
    const purpose = 100 + name.length * 31 + name.charCodeAt(0);
    let row = 0;
    for (const good of lines) {
      const isFaulty = faults > 0 && chance(purpose, row) < faults;
      const line = isFaulty ? makeFaulty(good, Math.floor(chance(purpose + 1, row) * 2 ** 16)) : good;
      text += `${line}\r\n`;
      rows += 1;
      row += 1;
      if (text.length < 256 * 1024) continue;
      if (!stream.write(text)) await once(stream, 'drain');
      text = '';
    }
    stream.end(text);
    await finished(stream);
  };

  await write(
    'School.csv',
    'SIS ID,Name,School Number,School NCES_ID,State ID,Grade Low,Grade High,Principal SIS ID,Principal Name,Principal Secondary Email,Address,City,State,Country,Zip,Phone,Zone',
    upTo(size.schools, (i) => {
      if (isLeftOut(i)) return '';
      const name = `${pick(LAST, 1, i)} ${i % 3 === 0 ? 'High' : 'Elementary'} School ${i + 1}`;
      return `${prefix}${10_001 + i},${name},${10_001 + i},${i + 1},WA,1,12,,,,"${i + 1} ${pick(LAST, 2, i)} Street, North",Contoso,WA,US,98${String(i % 1000).padStart(3, '0')},555-01${String(i % 100).padStart(2, '0')},${changes(20, i) ? 9 : (i % 4) + 1}`;
    }),
  );
  await write(
    'Section.csv',
    'SIS ID,School SIS ID,Section Name,Section Number,Term SIS ID,Term Name,Term StartDate,Term EndDate,Course SIS ID,Course Name,Course Number,Course Description,Course Subject,Periods,Status',
    upTo(size.sections, (i) => {
      if (isLeftOut(schoolOfSection(i))) return '';
      const course = i % 40;
      const subject = SUBJECTS[course % SUBJECTS.length] ?? '';
      const name = `${subject} ${course} group ${i}${changes(21, i) ? ' (new)' : ''}`;
      return `${prefix}S${200_000 + i},${prefix}${10_001 + schoolOfSection(i)},${name},${i},T1,School year,2026-08-01,2027-07-31,C${course},${subject} ${course},${course},${subject} level ${course % 5},${subject},${(i % 8) + 1},Active`;
    }),
  );
  await write(
    'Student.csv',
    'SIS ID,School SIS ID,First Name,Last Name,Username,Password,State ID,Secondary Email,Student Number,Middle Name,Grade,Status,Birthdate,Graduation Year',
    upTo(
      size.students + added,
      (i) => {
        const grade = (i % 12) + 1;
        const middle = changes(22, i) ? 'Changed' : pick(FIRST, 3, i);
        const birth = `${2026 - 6 - grade}-${String((i % 12) + 1).padStart(2, '0')}-${String((i % 28) + 1).padStart(2, '0')}`;
        return `${prefix}${1_000_000 + i},${prefix}${10_001 + schoolOfStudent(i)},${pick(FIRST, 4, i)},${pick(LAST, 5, i)},s${1_000_000 + nameOf(i, size.students)},Start#${i % 9973},WA,,${1_000_000 + i},${middle},${grade},Active,${birth},${2026 + 12 - grade}`;
      },
      (student) => isGone(student) || isLeftOut(schoolOfStudent(student)),
    ),
  );
  await write(
    'Teacher.csv',
    'SIS ID,School SIS ID,First Name,Last Name,Username,Password,State ID,Teacher Number,Status,Middle Name,Secondary Email,Title,Qualification',
    upTo(
      size.teachers,
      (i) =>
        `${prefix}${5_000_000 + i},${prefix}${10_001 + (i % size.schools)},${pick(FIRST, 6, i)},${pick(LAST, 7, i)},t${5_000_000 + nameOf(i, size.teachers)},Start#${i},WA,${i},Active,${changes(23, i) ? 'Changed' : ''},,Teacher,`,
      (teacher) => isLeftOut(teacher % size.schools),
    ),
  );
  await write(
    'StudentEnrollment.csv',
    'Section SIS ID,SIS ID',
    upTo(size.enrollments, (i) => {
      const student = Math.floor((i * size.students) / size.enrollments);
      if (isGone(student) || isLeftOut(schoolOfStudent(student))) return '';
      const turn = i - Math.ceil((student * size.enrollments) / size.students);
      const school = schoolOfStudent(student);
      const moved = changes(24, i) ? 31 : 0;
      const group = (Math.floor(student / size.schools) * 7 + turn * 13 + moved) % sectionsPerSchool;
      return `${prefix}S${200_000 + group * size.schools + school},${prefix}${1_000_000 + student}`;
    }),
  );
  await write(
    'TeacherRoster.csv',
    'Section SIS ID,SIS ID',
    upTo(size.sections, (i) => {
      if (isLeftOut(schoolOfSection(i))) return '';
      const place = Math.floor(i / size.schools) % Math.floor(size.teachers / size.schools);
      return `${prefix}S${200_000 + i},${prefix}${5_000_000 + place * size.schools + schoolOfSection(i)}`;
    }),
  );
  return rows;
}

/**
 * A row with a fault, the kinds in turn. The ids of its record stay readable, since a row of which nobody can tell whose it was keeps
 * all that its file feeds from ending, and a change would not be one any more. A row of two ids has two kinds.
 */
function makeFaulty(row: string, kind: number): string {
  const fields = row.split(',');
  const [first = '', second = '', ...rest] = fields;
  const kinds: (() => string)[] = [
    () => `${row}\r\n${row}`,
    () => [first, 'NOWHERE', ...rest].join(','),
    () => [first, '', ...rest].join(','),
    () => row.replace(/,\d{4}-\d\d-\d\d,/u, ',2026-02-31,'),
    () => [first, second, 'a\u0007b', ...rest.slice(1)].join(','),
    () => [first, second, '"open', ...rest.slice(1)].join(','),
    () => `${row},one too many`,
  ];
  return (kinds[kind % (fields.length === 2 ? 2 : kinds.length)] ?? kinds[0])?.() ?? row;
}

function* upTo(
  count: number,
  line: (index: number) => string,
  leftOut?: (index: number) => boolean,
): Generator<string> {
  for (let index = 0; index < count; index += 1) {
    if (leftOut?.(index) === true) continue;
    const text = line(index);
    if (text !== '') yield text;
  }
}

/** 32 bits, well mixed (lowbias32). */
function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}
