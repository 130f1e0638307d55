/** A roster of SDS V1 said in other formats: by reading its CSV (values without line breaks) and writing other columns. */
type Files = Readonly<Record<string, string>>;
type Row = Readonly<Record<string, string>>;

export function rowsOf(text: string): Row[] {
  const [header = '', ...lines] = text.trim().split(/\r?\n/u);
  const titles = valuesOf(header);
  return lines.map((line) =>
    Object.fromEntries(valuesOf(line).map((text, index) => [titles[index] ?? '', text])),
  );
}

function valuesOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/gu)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}

function quoted(text: string): string {
  return /[",]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function toCsv(columns: Readonly<Record<string, (row: Row) => string>>, rows: readonly Row[]): string {
  const lines = rows.map((row) => Object.values(columns).map((valueOf) => quoted(valueOf(row))));
  return [Object.keys(columns), ...lines].map((line) => `${line.join(',')}\r\n`).join('');
}

const value =
  (title: string) =>
  (row: Row): string =>
    row[title] ?? '';

/** The roster without some columns, whatever file they are in. */
export function withoutColumns(files: Files, titles: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => {
      const rows = rowsOf(text);
      const kept = Object.keys(rows[0] ?? {}).filter((title) => !titles.includes(title));
      return [name, toCsv(Object.fromEntries(kept.map((title) => [title, value(title)])), rows)];
    }),
  );
}

/** The titles of the United Kingdom. */
export function toUkFormat(files: Files): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => {
      const end = text.search(/[\r\n]/u);
      const header = text
        .slice(0, end)
        .split(',')
        .map((title) => {
          if (title === 'SIS ID') return name.toLowerCase() === 'school.csv' ? 'DfE Number' : 'ID';
          return title
            .replace('School SIS ID', 'School DfE Number')
            .replace('Section SIS ID', 'Section ID')
            .replace('Zip', 'Postal Code');
        });
      return [name, header.join(',') + text.slice(end)];
    }),
  );
}

/** Clever's five files: teachers in columns of the section, dates as month/day/year. */
export function toCleverFormat(files: Files): Record<string, string> {
  const byName = new Map(Object.entries(files).map(([name, text]) => [name.toLowerCase(), rowsOf(text)]));
  const rows = (name: string): Row[] => byName.get(name) ?? [];
  const teachersOf = Map.groupBy(rows('teacherroster.csv'), value('Section SIS ID'));
  const teacher = (index: number) => (row: Row) =>
    teachersOf.get(value('SIS ID')(row))?.[index]?.['SIS ID'] ?? '';
  const sections = new Map(rows('section.csv').map((row) => [value('SIS ID')(row), row]));
  const date = (title: string) => (row: Row) =>
    value(title)(row).replace(/^(\d{4})-(\d\d)-(\d\d)$/u, '$2/$3/$1');
  return {
    'schools.csv': toCsv(
      {
        School_id: value('SIS ID'),
        School_name: value('Name'),
        School_number: value('School Number'),
        Low_grade: value('Grade Low'),
        High_grade: value('Grade High'),
        School_address: value('Address'),
        School_city: value('City'),
        School_state: value('State'),
        School_zip: value('Zip'),
        School_phone: value('Phone'),
      },
      rows('school.csv'),
    ),
    'students.csv': toCsv(
      {
        School_id: value('School SIS ID'),
        Student_id: value('SIS ID'),
        Student_number: value('Student Number'),
        Last_name: value('Last Name'),
        First_name: value('First Name'),
        Grade: value('Grade'),
        DOB: date('Birthdate'),
        Graduation_year: value('Graduation Year'),
        Username: value('Username'),
        Password: value('Password'),
      },
      rows('student.csv'),
    ),
    'teachers.csv': toCsv(
      {
        School_id: value('School SIS ID'),
        Teacher_id: value('SIS ID'),
        Teacher_number: value('Teacher Number'),
        First_name: value('First Name'),
        Last_name: value('Last Name'),
        Title: value('Title'),
        Username: value('Username'),
        Password: value('Password'),
      },
      rows('teacher.csv'),
    ),
    'sections.csv': toCsv(
      {
        School_id: value('School SIS ID'),
        Section_id: value('SIS ID'),
        Teacher_id: teacher(0),
        Teacher_2_id: teacher(1),
        Name: value('Section Name'),
        Section_number: value('Section Number'),
        Course_name: value('Course Name'),
        Course_number: value('Course Number'),
        Subject: value('Course Subject'),
        Period: value('Periods'),
        Term_name: value('Term Name'),
        Term_start: date('Term StartDate'),
        Term_end: date('Term EndDate'),
      },
      rows('section.csv'),
    ),
    'enrollments.csv': toCsv(
      {
        School_id: (row) => value('School SIS ID')(sections.get(value('Section SIS ID')(row)) ?? {}),
        Section_id: value('Section SIS ID'),
        Student_id: value('SIS ID'),
      },
      rows('studentenrollment.csv'),
    ),
  };
}
