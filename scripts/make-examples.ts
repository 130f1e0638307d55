/**
 * `node scripts/make-examples.ts`: writes examples/contoso and examples/contoso-changed, the rosters of the demo. Schools and people
 * are invented; names come from trees and from a list of short first names. Always the same bytes: a test compares.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

type Row = Record<string, string>;
export type Example = Record<string, string>;

interface Roster {
  readonly School: Row[];
  readonly Section: Row[];
  readonly Student: Row[];
  readonly Teacher: Row[];
  readonly StudentEnrollment: Row[];
  readonly TeacherRoster: Row[];
}

const FIRST_NAMES =
  'Ada Ben Cleo Dara Emil Fay Gus Hana Ivo June Kai Léa Milo Nora Otis Pia Quin Rosa Sam Tess Uma Vito Wim Xenia Yara Zoë'.split(
    ' ',
  );
const LAST_NAMES =
  "Alder Birch Cedar Dogwood Elm Fir Gorse Hazel Iris Juniper Kauri Larch Maple Nutt Oak Pine Quince Rowan Sorrel Thorn Ulm Vetch Willow Yew D'Aspen Müller-Linde".split(
    ' ',
  );
const SUBJECTS = ['Mathematics', 'English', 'Science', 'History', 'Art', 'Music', 'Geography', 'Sports'];
const SCHOOLS = [
  { id: '1001', name: 'Contoso Elementary School', low: '1', high: '5' },
  { id: '1002', name: 'Contoso Middle School', low: '6', high: '8' },
  { id: '1003', name: 'Contoso High School, "Hilltop"', low: '9', high: '12' },
] as const;
const STUDENTS_PER_SCHOOL = 40;
const TEACHERS_PER_SCHOOL = 5;
const TERM = {
  'Term SIS ID': 'Y2026',
  'Term Name': 'School year 2026/27',
  'Term StartDate': '2026-08-17',
  'Term EndDate': '2027-06-11',
};

function at<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T;
}

/** The roster of the demo: three schools, 24 sections, 120 students, 15 teachers. */
function contoso(): Roster {
  const roster: Roster = {
    School: [],
    Section: [],
    Student: [],
    Teacher: [],
    StudentEnrollment: [],
    TeacherRoster: [],
  };
  for (const [s, school] of SCHOOLS.entries()) {
    roster.School.push({
      'SIS ID': school.id,
      Name: school.name,
      'School Number': String(s + 1),
      'Grade Low': school.low,
      'Grade High': school.high,
      Address: `${s + 1} Orchard Lane`,
      City: 'Contoso',
      State: 'WA',
      Country: 'US',
      Zip: '98052',
      Phone: `555-010${s}`,
    });
    for (let t = 0; t < TEACHERS_PER_SCHOOL; t += 1) {
      const number = s * TEACHERS_PER_SCHOOL + t;
      roster.Teacher.push(teacher(`T${201 + number}`, school.id, number));
    }
    for (const [c, subject] of SUBJECTS.entries()) {
      const id = `${school.id}-${String(c + 1).padStart(2, '0')}`;
      roster.Section.push({
        'SIS ID': id,
        'School SIS ID': school.id,
        'Section Name': `${subject} ${at(['A', 'B', 'C'], s)}`,
        'Section Number': String(c + 1),
        ...TERM,
        'Course SIS ID': `C${c + 1}`,
        'Course Name': subject,
        'Course Number': String(100 + c),
        'Course Subject': subject,
        Periods: String(c + 1),
        Status: 'Active',
      });
      // Sports at the high school has no teacher yet: that is fine.
      if (s === 2 && subject === 'Sports') continue;
      const number = s * TEACHERS_PER_SCHOOL + (c % TEACHERS_PER_SCHOOL);
      roster.TeacherRoster.push({ 'Section SIS ID': id, 'SIS ID': `T${201 + number}` });
    }
    for (let p = 0; p < STUDENTS_PER_SCHOOL; p += 1) {
      const number = s * STUDENTS_PER_SCHOOL + p;
      const grades = Number(school.high) - Number(school.low) + 1;
      const id = String(30_001 + number);
      roster.Student.push(student(id, school.id, number, Number(school.low) + (p % grades)));
      for (const turn of [0, 1, 2, 3]) {
        const c = (p + turn * 3) % SUBJECTS.length;
        roster.StudentEnrollment.push({
          'Section SIS ID': `${school.id}-${String(c + 1).padStart(2, '0')}`,
          'SIS ID': id,
        });
      }
    }
  }
  // A teacher in two schools: one row for each, alike but for the school.
  roster.Teacher.push({ ...at(roster.Teacher, 7), 'School SIS ID': '1003' });
  roster.TeacherRoster.push({ 'Section SIS ID': '1003-06', 'SIS ID': 'T208' });
  // A teacher with the number of a student: two people, since students and teachers are numbered apart.
  const namesake = at(roster.Teacher, 3);
  for (const entry of roster.TeacherRoster)
    if (entry['SIS ID'] === namesake['SIS ID']) entry['SIS ID'] = '30001';
  namesake['SIS ID'] = '30001';
  return roster;
}

function student(id: string, schoolId: string, number: number, grade: number): Row {
  const first = at(FIRST_NAMES, number * 7);
  const last = at(LAST_NAMES, number * 5 + Math.floor(number / 26));
  return {
    'SIS ID': id,
    'School SIS ID': schoolId,
    'First Name': first,
    'Last Name': last,
    Username: `${plain(first).slice(0, 1)}${plain(last)}${id.slice(-3)}`.toLowerCase(),
    Password: `Welcome-${id}`,
    'Student Number': id,
    Grade: String(grade),
    Status: 'Active',
    Birthdate: `${2020 - grade}-${String((number % 12) + 1).padStart(2, '0')}-${String((number % 28) + 1).padStart(2, '0')}`,
    'Graduation Year': String(2039 - grade),
  };
}

function teacher(id: string, schoolId: string, number: number): Row {
  const first = at(FIRST_NAMES, number * 11 + 3);
  const last = at(LAST_NAMES, number * 3 + 1);
  return {
    'SIS ID': id,
    'School SIS ID': schoolId,
    'First Name': first,
    'Last Name': last,
    Username: `${plain(first)}.${plain(last)}`.toLowerCase(),
    Password: `Welcome-${id}`,
    'Teacher Number': id,
    Status: 'Active',
    Title: number % 5 === 0 ? 'Head' : 'Teacher',
  };
}

/** Letters a to z only, for user names. */
function plain(name: string): string {
  return name.normalize('NFD').replaceAll(/[^A-Za-z]/g, '');
}

/** A week later: a few rows changed, added and gone, far below what holds a plan. */
function contosoChanged(): Roster {
  const roster = contoso();
  at(roster.School, 1)['Phone'] = '555-0199';
  at(roster.Section, 4)['Section Name'] = 'Art and Design A';
  at(roster.Student, 10)['Last Name'] = 'Hazel-Rowan';
  at(roster.Student, 11)['Grade'] = '3';
  const [gone] = roster.Student.splice(20, 1);
  const left = roster.StudentEnrollment.filter((row) => row['SIS ID'] !== gone?.['SIS ID']);
  // Two pupils leave sports for music; one of them has music already.
  for (const row of left.filter((entry) => entry['Section SIS ID'] === '1002-08').slice(0, 2))
    row['Section SIS ID'] = '1002-06';
  roster.StudentEnrollment.splice(0, roster.StudentEnrollment.length, ...distinct(left));
  roster.Student.push(student('30121', '1003', 120, 9));
  for (const section of ['1003-01', '1003-02', '1003-08'])
    roster.StudentEnrollment.push({ 'Section SIS ID': section, 'SIS ID': '30121' });
  // Sports at the high school has a teacher now.
  roster.TeacherRoster.push({ 'Section SIS ID': '1003-08', 'SIS ID': 'T215' });
  return roster;
}

function distinct(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [Object.values(row).join('\n'), row])).values()];
}

/** The files of an example by name; CRLF, as information systems write them. */
export function makeExamples(): Record<'contoso' | 'contoso-changed', Example> {
  return { contoso: filesOf(contoso()), 'contoso-changed': filesOf(contosoChanged()) };
}

function filesOf(roster: Roster): Example {
  return Object.fromEntries(
    Object.entries(roster).map(([name, rows]: [string, Row[]]) => {
      const columns = Object.keys(rows[0] ?? {});
      const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ''))];
      return [`${name}.csv`, lines.map((line) => `${line.map(quote).join(',')}\r\n`).join('')];
    }),
  );
}

function quote(value: string): string {
  return /[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

export const EXAMPLES_DIRECTORY = fileURLToPath(new URL('../examples', import.meta.url));

if (import.meta.main) {
  for (const [name, files] of Object.entries(makeExamples())) {
    const directory = join(EXAMPLES_DIRECTORY, name);
    await mkdir(directory, { recursive: true });
    for (const [file, text] of Object.entries(files)) await writeFile(join(directory, file), text);
    console.log(`${directory}: ${Object.keys(files).join(', ')}`);
  }
}
