import { csvFiles, type Row, type SmallRoster } from './small-roster.ts';

export const SCHOOLS = ['S1', 'S2', 'S3'] as const;
export const PUPILS = ['P0', 'P1', 'P2', 'P3', 'P4', 'P5'] as const;
/** A class stands for ever in one school: C0 and C3 in S1, C1 in S2, C2 in S3. */
export const SECTIONS = ['C0', 'C1', 'C2', 'C3'] as const;

/** What the files say of one pupil. `bad`: the row lacks a required value, so that it is dropped. */
export interface PupilDay {
  readonly row: 'absent' | 'good' | 'bad';
  /** Places in SCHOOLS and SECTIONS. */
  readonly school: number;
  readonly sections: readonly number[];
  readonly name: number;
}

/** What the files say of everything: by place in PUPILS, SECTIONS (0: not there, else the number of the name) and SCHOOLS. */
export interface Day {
  readonly pupils: readonly PupilDay[];
  readonly sections: readonly number[];
  readonly schools: readonly boolean[];
}

/** One thing that is different in the next files. */
export type DayChange =
  | { readonly what: 'pupil'; readonly pupil: number; readonly day: PupilDay }
  | { readonly what: 'section'; readonly section: number; readonly name: number }
  | { readonly what: 'school'; readonly school: number; readonly there: boolean }
  /** All pupils of the school leave: enough to trip a breaker. */
  | { readonly what: 'emptied'; readonly school: number };

export const FIRST_DAY: Day = {
  pupils: PUPILS.map((_, p) => ({
    row: 'good',
    school: p % 3,
    sections: [p % 3, p % 2 === 0 ? 3 : (p + 1) % 3],
    name: 1,
  })),
  sections: SECTIONS.map(() => 1),
  schools: SCHOOLS.map(() => true),
};

export function changeDay(day: Day, changes: readonly DayChange[]): Day {
  let { pupils, sections, schools } = day;
  for (const change of changes) {
    switch (change.what) {
      case 'pupil':
        pupils = pupils.with(change.pupil, change.day);
        break;
      case 'section':
        sections = sections.with(change.section, change.name);
        break;
      case 'school':
        schools = schools.with(change.school, change.there);
        break;
      case 'emptied':
        pupils = pupils.map((pupil) =>
          pupil.school === change.school ? { ...pupil, row: 'absent' } : pupil,
        );
        break;
    }
  }
  return { pupils, sections, schools };
}

/** The records of one set of files: what the CSV is written from, and what the model plans with. */
export interface Source {
  readonly schools: ReadonlySet<string>;
  readonly sections: ReadonlyMap<string, { readonly school: string; readonly name: string }>;
  readonly pupils: ReadonlyMap<
    string,
    { readonly school: string; readonly name: string; readonly bad: boolean }
  >;
  /** `section/pupil` */
  readonly enrollments: ReadonlySet<string>;
  /** The file of the teacher of the anchor's class is not sent. */
  readonly withoutTeacherRoster: boolean;
}

/** Who belongs to a school or a class that is not there is left out, so that every reference leads somewhere. */
export function sourceOf(day: Day, withoutTeacherRoster = false): Source {
  const schools = new Set<string>(SCHOOLS.filter((_, s) => s === 0 || day.schools[s]));
  const sections = new Map<string, { school: string; name: string }>();
  for (const [c, name] of day.sections.entries()) {
    const school = SCHOOLS[c % 3] ?? '';
    if (name > 0 && schools.has(school)) sections.set(`C${c}`, { school, name: `Class ${c} ${name}` });
  }
  const pupils = new Map<string, { school: string; name: string; bad: boolean }>();
  const enrollments = new Set<string>();
  for (const [p, pupil] of day.pupils.entries()) {
    const school = SCHOOLS[pupil.school] ?? '';
    if (pupil.row === 'absent' || !schools.has(school)) continue;
    pupils.set(`P${p}`, { school, name: `Name${pupil.name}`, bad: pupil.row === 'bad' });
    for (const c of pupil.sections) if (sections.has(`C${c}`)) enrollments.add(`C${c}/P${p}`);
  }
  return { schools, sections, pupils, enrollments, withoutTeacherRoster };
}

/** An anchor in each file, which never changes: a file without rows would need a confirmation. Ids begin with `prefix`. */
export function filesOf(source: Source, prefix: string, reversed = false): Record<string, string> {
  const roster: SmallRoster = {
    school: [...source.schools].map((id) => ({ 'SIS ID': prefix + id, Name: id })),
    section: [sectionRow(prefix, 'C9', 'S1', 'Anchor')],
    student: [personRow(prefix, 'P9', 'S1', 'Anchor')],
    teacher: [personRow(prefix, 'T9', 'S1', 'Anchor')],
    studentenrollment: [enrollmentRow(prefix, 'C9/P9')],
    teacherroster: [enrollmentRow(prefix, 'C9/T9')],
  };
  for (const [id, { school, name }] of source.sections)
    roster.section.push(sectionRow(prefix, id, school, name));
  for (const [id, { school, name, bad }] of source.pupils)
    roster.student.push(personRow(prefix, id, school, bad ? '' : name));
  for (const enrollment of source.enrollments)
    roster.studentenrollment.push(enrollmentRow(prefix, enrollment));
  if (reversed) for (const rows of Object.values(roster) as Row[][]) rows.reverse();
  const { 'TeacherRoster.csv': teacherRoster = '', ...files } = csvFiles(roster);
  return source.withoutTeacherRoster ? files : { ...files, 'TeacherRoster.csv': teacherRoster };
}

function sectionRow(prefix: string, id: string, school: string, name: string): Row {
  return { 'SIS ID': prefix + id, 'School SIS ID': prefix + school, 'Section Name': name };
}

function personRow(prefix: string, id: string, school: string, name: string): Row {
  return {
    'SIS ID': prefix + id,
    'School SIS ID': prefix + school,
    'First Name': name,
    'Last Name': 'Law',
    Username: userNameOf(prefix, id),
    Password: 'Start#2026',
  };
}

export function userNameOf(prefix: string, id: string): string {
  return (prefix + id).toLowerCase();
}

function enrollmentRow(prefix: string, enrollment: string): Row {
  const [section = '', person = ''] = enrollment.split('/');
  return { 'Section SIS ID': prefix + section, 'SIS ID': prefix + person };
}
