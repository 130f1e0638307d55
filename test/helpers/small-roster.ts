/** The six SDS V1 files as rows, so that a test changes a row and not text. Names are made up from numbers. */
export interface SmallRoster {
  readonly school: Row[];
  readonly section: Row[];
  readonly student: Row[];
  readonly teacher: Row[];
  readonly studentenrollment: Row[];
  readonly teacherroster: Row[];
}
export type Row = Record<string, string>;
export type FileName = keyof SmallRoster;

/** `schools` schools with `sections` classes each, `students` pupils and one teacher per class; every pupil is in two classes. */
export function smallRoster(
  size: { schools?: number; sections?: number; students?: number } = {},
): SmallRoster {
  const { schools = 2, sections = 3, students = 12 } = size;
  const roster: SmallRoster = {
    school: [],
    section: [],
    student: [],
    teacher: [],
    studentenrollment: [],
    teacherroster: [],
  };
  for (let s = 1; s <= schools; s++) {
    roster.school.push({ 'SIS ID': `S${s}`, Name: `School ${s}`, City: 'Contoso' });
    for (let c = 1; c <= sections; c++) {
      const section = `S${s}C${c}`;
      roster.section.push({
        'SIS ID': section,
        'School SIS ID': `S${s}`,
        'Section Name': `Class ${c} of school ${s}`,
        'Term SIS ID': 'T1',
        'Term Name': 'Year 2026',
        'Term StartDate': '2026-08-01',
        'Term EndDate': '2027-07-31',
        'Course SIS ID': `K${c}`,
        'Course Name': `Course ${c}`,
      });
      roster.teacher.push({
        'SIS ID': `${section}T`,
        'School SIS ID': `S${s}`,
        'First Name': `Tea${c}`,
        'Last Name': `Cher${s}`,
        Username: `teacher.${section}`.toLowerCase(),
        Password: 'Start#2026',
      });
      roster.teacherroster.push({ 'Section SIS ID': section, 'SIS ID': `${section}T` });
    }
    for (let p = 1; p <= students; p++) {
      const student = `S${s}P${p}`;
      roster.student.push({
        'SIS ID': student,
        'School SIS ID': `S${s}`,
        'First Name': `Stu${p}`,
        'Last Name': `Dent${s}`,
        Username: student.toLowerCase(),
        Password: 'Start#2026',
        Grade: String(1 + (p % 9)),
      });
      for (const offset of [0, 1]) {
        roster.studentenrollment.push({
          'Section SIS ID': `S${s}C${1 + ((p + offset) % sections)}`,
          'SIS ID': student,
        });
      }
    }
  }
  return roster;
}

/** A deep copy to change. */
export function copyOf(roster: SmallRoster): SmallRoster {
  return structuredClone(roster);
}

const FILE_NAMES: Readonly<Record<FileName, string>> = {
  school: 'School.csv',
  section: 'Section.csv',
  student: 'Student.csv',
  teacher: 'Teacher.csv',
  studentenrollment: 'StudentEnrollment.csv',
  teacherroster: 'TeacherRoster.csv',
};

/** File name to CSV text (CRLF). Columns are those of the first row. */
export function csvFiles(roster: SmallRoster): Record<string, string> {
  return Object.fromEntries(
    (Object.keys(FILE_NAMES) as FileName[]).map((file) => [FILE_NAMES[file], csvOf(roster[file])]),
  );
}

function csvOf(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ''))];
  return lines.map((fields) => fields.map(quote).join(',')).join('\r\n') + '\r\n';
}

function quote(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
