/**
 * A school on two days, made up with what is awkward in files: names of any letters, quotes and commas, blanks at the ends of values, ids that
 * differ in letter case alone, people in several schools, classes of several teachers and of none, values that are empty. (No line breaks: a value
 * with one is none in any format.)
 */
import * as fc from 'fast-check';

import { csvFiles, type Row, type SmallRoster } from './small-roster.ts';

/** Ids of each kind; the first of each is there on both days, so that no file loses all its rows. */
const SCHOOLS = ['S0', 'Sa', 'sA', 'S 3'];
const SECTIONS = ['K0', 'Kb', 'kB', 'K-3', 'K_4', '5'];
const STUDENTS = ['P0', 'Pa', 'pA', 'PÄ', 'pä', '007', '7', "O'1"];
const TEACHERS = ['T0', 'Ta', 'tA', 'T 3'];
const TERMS = ['Y26', 'y26'];
const COURSES = ['C0', 'c0', 'C 1'];

/** A value as files have it: what is around it does not count. */
const padded = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(value, fc.constantFrom('', '', '', ' ', '\t', '  '), fc.constantFrom('', '', '', ' ', ' \t'))
    .map(([text, before, after]) => `${before}${text}${after}`);

const name = padded(
  fc.oneof(
    fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter((text) => !/\p{Cc}/u.test(text) && text.trim() !== '' && Array.from(text).length <= 60),
    fc.constantFrom(
      'Zoë',
      "O'Neil",
      'von "Elm"',
      'Fir, Jr.',
      '"',
      '""',
      ',',
      'محمد',
      '李',
      '=1+1',
      '🎓 Ash',
      'İz',
      'Å',
      'Å',
    ),
  ),
);
const optional = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(fc.constant(''), fc.constant('  '), padded(value), padded(value));
const digits = fc.integer({ min: 1, max: 99_999 }).map(String);
/** As lists have them, so that formats with a list and formats without keep the same. */
const grade = fc.constantFrom('', '', '01', '09', '12', '13', 'kg', 'pk');
const day = fc
  .record({
    year: fc.integer({ min: 2005, max: 2020 }),
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.integer({ min: 1, max: 28 }),
  })
  .map(({ year, month, day }) => `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`);

const school = fc.record({
  Name: name,
  'School Number': optional(digits),
  'Grade Low': grade,
  'Grade High': grade,
  Address: optional(name),
  City: optional(name),
  State: optional(fc.constantFrom('WA', 'Ba')),
  Country: optional(fc.constantFrom('US', 'DE')),
  Zip: optional(digits),
  Phone: optional(fc.constantFrom('555-0100', '+49 30 901820')),
});
const section = fc.record({
  school: fc.nat(),
  'Section Name': name,
  'Section Number': optional(digits),
  Periods: optional(fc.constantFrom('1', '2, 3')),
  Status: fc.constantFrom('', 'Active'),
  term: fc.option(fc.nat(TERMS.length - 1)),
  course: fc.option(fc.nat(COURSES.length - 1)),
  students: fc.array(fc.nat(STUDENTS.length - 1), { maxLength: 6 }),
  teachers: fc.array(fc.nat(TEACHERS.length - 1), { maxLength: 4 }),
});
const person = {
  schools: fc.array(fc.nat(SCHOOLS.length - 1), { minLength: 1, maxLength: 3 }),
  'First Name': name,
  'Last Name': name,
  user: fc.constantFrom('', '.x', '-Y', '_z'),
  Password: fc.constantFrom('', 'Start#2026', ' Start "1", a '),
  Status: fc.constantFrom('', 'Active'),
};
const student = fc.record({
  ...person,
  'Student Number': optional(digits),
  Grade: grade,
  Birthdate: fc.oneof(fc.constant(''), day),
  'Graduation Year': fc.constantFrom('', '2031'),
});
const teacher = fc.record({ ...person, 'Teacher Number': optional(digits), Title: optional(name) });
const course = fc.record({
  'Course Name': name,
  'Course Number': digits,
  'Course Subject': optional(fc.constantFrom('Maths', 'Gym, dance')),
});
const termNames = fc.record({ name, year: fc.integer({ min: 2020, max: 2029 }) });

/** What it is on the first day, and what becomes of it: null, it is not there. */
interface TwoDays<T> {
  readonly first: T | null;
  readonly second: T | 'same' | null;
}
const twoDays = <T>(state: fc.Arbitrary<T>): fc.Arbitrary<TwoDays<T>> =>
  fc.record({
    first: fc.oneof({ weight: 4, arbitrary: state }, fc.constant(null)),
    second: fc.oneof(
      { weight: 3, arbitrary: fc.constant<'same'>('same') },
      { weight: 2, arbitrary: state },
      fc.constant(null),
    ),
  });
const each = <T>(ids: readonly string[], state: fc.Arbitrary<T>): fc.Arbitrary<TwoDays<T>[]> =>
  fc.array(twoDays(state), { minLength: ids.length, maxLength: ids.length });

export const randomSchool = fc.record({
  schools: each(SCHOOLS, school),
  sections: each(SECTIONS, section),
  students: each(STUDENTS, student),
  teachers: each(TEACHERS, teacher),
  courses: each(COURSES, course),
  terms: each(TERMS, termNames),
  /** For who must be there and is not. */
  anchors: fc.record({ school, section, student, teacher, course, term: termNames }),
});
export type RandomSchool = typeof randomSchool extends fc.Arbitrary<infer T> ? T : never;

/** The files of SDS V1 on the first or second day. */
export function schoolFiles(made: RandomSchool, today: 'first' | 'second'): Record<string, string> {
  const { anchors } = made;
  /** By the place in the list of ids; the first one is always there. `all`: so is every one. */
  const states = <T>(days: readonly TwoDays<T>[], anchor: T, all = false): (T | null)[] =>
    days.map(({ first, second }, place) => {
      const state = today === 'first' || second === 'same' ? first : second;
      return state ?? (place === 0 || all ? anchor : null);
    });
  // A school that goes is held until somebody agrees: it stays.
  const schools = states(
    made.schools.map(({ first, second }) => ({ first, second: second ?? 'same' })),
    anchors.school,
  );
  const students = states(made.students, anchors.student);
  const teachers = states(made.teachers, anchors.teacher);
  const sections = states(made.sections, anchors.section);
  const courses = states(made.courses, anchors.course, true);
  const terms = states(made.terms, anchors.term, true);
  const thereOf = (places: readonly number[], people: readonly unknown[]): number[] =>
    [...new Set(places)].filter((place) => people[place] !== null);

  const personRows = (
    ids: readonly string[],
    people: readonly ((typeof students)[number] | (typeof teachers)[number])[],
    domain: string,
  ): Row[] =>
    people.flatMap((one, place) => {
      if (one === null) return [];
      const { schools: in_, user, ...values } = one;
      const there = thereOf(in_, schools);
      return (there.length === 0 ? [0] : there).map((school) => ({
        'SIS ID': String(ids[place]),
        'School SIS ID': String(SCHOOLS[school]),
        Username: `${domain}${place}${user}`,
        ...values,
      }));
    });
  const roster: SmallRoster = {
    school: schools.flatMap((one, place) =>
      one === null ? [] : [{ 'SIS ID': String(SCHOOLS[place]), ...one }],
    ),
    section: [],
    student: personRows(STUDENTS, students, 'p'),
    teacher: personRows(TEACHERS, teachers, 't'),
    studentenrollment: [],
    teacherroster: [],
  };
  for (const [place, one] of sections.entries()) {
    if (one === null) continue;
    const { school, term, course, students: pupils, teachers: staff, ...values } = one;
    const described = course === null ? null : courses[course];
    const session = term === null ? null : terms[term];
    roster.section.push({
      'SIS ID': String(SECTIONS[place]),
      'School SIS ID': String(
        SCHOOLS[schools[school % SCHOOLS.length] === null ? 0 : school % SCHOOLS.length],
      ),
      ...values,
      // Their names and numbers tell them apart where they have no id.
      'Term SIS ID': term === null ? '' : String(TERMS[term]),
      'Term Name': session === null ? '' : `${session?.name.trim()} ${term}`,
      'Term StartDate': session === null ? '' : `${session?.year}-08-01`,
      'Term EndDate': session === null ? '' : `${(session?.year ?? 0) + 1}-07-31`,
      'Course SIS ID': course === null ? '' : String(COURSES[course]),
      'Course Name': described?.['Course Name'] ?? '',
      'Course Number': described === null ? '' : `${course}-${described?.['Course Number']}`,
      'Course Subject': described?.['Course Subject'] ?? '',
    });
    const places = (ids: readonly string[], people: readonly number[]): Row[] =>
      people.map((person) => ({ 'Section SIS ID': String(SECTIONS[place]), 'SIS ID': String(ids[person]) }));
    const anchored = (people: readonly number[]): number[] => (place === 0 ? [0, ...people] : [...people]);
    roster.studentenrollment.push(...places(STUDENTS, thereOf(anchored(pupils), students)));
    roster.teacherroster.push(...places(TEACHERS, thereOf(anchored(staff), teachers)));
  }
  return csvFiles(roster);
}
