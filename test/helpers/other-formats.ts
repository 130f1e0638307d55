/** A roster of SDS V1 said in other formats: by reading its CSV (values without line breaks) and writing other columns. */
type Files = Readonly<Record<string, string>>;
type Row = Readonly<Record<string, string>>;

export function rowsOf(text: string): Row[] {
  const [header = '', ...lines] = text.replace(/[\r\n]+$/u, '').split(/\r?\n/u);
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

/** Grades of one digit as formats with a list of grades have them: `01`. */
export function withTwoDigitGrades(files: Files): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => {
      const rows = rowsOf(text).map((row) =>
        'Grade' in row ? { ...row, Grade: value('Grade')(row).padStart(2, '0') } : row,
      );
      const titles = Object.keys(rows[0] ?? {});
      return [name, toCsv(Object.fromEntries(titles.map((title) => [title, value(title)])), rows)];
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

/** SDS V2.1: one file of users, who get their schools from roles; terms and courses in files of their own. */
export function toV21Format(files: Files): Record<string, string> {
  const byName = new Map(Object.entries(files).map(([name, text]) => [name.toLowerCase(), rowsOf(text)]));
  const rows = (name: string): Row[] => byName.get(name) ?? [];
  const as = (role: string, name: string): Row[] => rows(name).map((row) => ({ ...row, role }));
  const people = [...as('student', 'student.csv'), ...as('teacher', 'teacher.csv')];
  const unique = (all: readonly Row[], title: string): Row[] =>
    [...new Map(all.toReversed().map((row) => [value(title)(row), row])).values()].filter(
      (row) => value(title)(row) !== '',
    );
  const constant = (text: string) => (): string => text;
  return {
    'orgs.csv': toCsv(
      {
        sourcedId: value('SIS ID'),
        name: value('Name'),
        type: constant('school'),
        parentSourcedId: constant(''),
      },
      rows('school.csv'),
    ),
    'academicSessions.csv': toCsv(
      {
        sourcedId: value('Term SIS ID'),
        title: value('Term Name'),
        type: constant('schoolYear'),
        schoolYear: (row) => value('Term EndDate')(row).slice(0, 4),
        startDate: value('Term StartDate'),
        endDate: value('Term EndDate'),
      },
      unique(rows('section.csv'), 'Term SIS ID'),
    ),
    'courses.csv': toCsv(
      {
        sourcedId: value('Course SIS ID'),
        orgSourcedId: value('School SIS ID'),
        title: value('Course Name'),
        code: value('Course Number'),
        subject: value('Course Subject'),
      },
      unique(rows('section.csv'), 'Course SIS ID'),
    ),
    'users.csv': toCsv(
      {
        sourcedId: value('SIS ID'),
        username: value('Username'),
        givenName: value('First Name'),
        familyName: value('Last Name'),
        password: value('Password'),
        userNumber: (row) => value(row['role'] === 'student' ? 'Student Number' : 'Teacher Number')(row),
      },
      unique(people, 'SIS ID'),
    ),
    'roles.csv': toCsv(
      {
        userSourcedId: value('SIS ID'),
        orgSourcedId: value('School SIS ID'),
        role: value('role'),
        grade: value('Grade'),
      },
      people,
    ),
    'classes.csv': toCsv(
      {
        sourcedId: value('SIS ID'),
        orgSourcedId: value('School SIS ID'),
        title: value('Section Name'),
        sessionSourcedIds: value('Term SIS ID'),
        courseSourcedId: value('Course SIS ID'),
        code: value('Section Number'),
      },
      rows('section.csv'),
    ),
    'enrollments.csv': toCsv(
      { classSourcedId: value('Section SIS ID'), userSourcedId: value('SIS ID'), role: value('role') },
      [...as('student', 'studentenrollment.csv'), ...as('teacher', 'teacherroster.csv')],
    ),
  };
}

/** SDS V2: the roles stand in the rows of the users; no sessions, no courses. */
export function toV2Format(files: Files): Record<string, string> {
  const v21 = toV21Format(files);
  const rows = (name: string): Row[] => rowsOf(v21[name] ?? '');
  const rolesOf = Map.groupBy(rows('roles.csv'), value('userSourcedId'));
  const rolesOfUser = (row: Row): Row[] => rolesOf.get(value('sourcedId')(row)) ?? [];
  const copied = (...titles: string[]) => Object.fromEntries(titles.map((title) => [title, value(title)]));
  return {
    'orgs.csv': v21['orgs.csv'] ?? '',
    'users.csv': toCsv(
      {
        ...copied('sourcedId'),
        orgSourcedIds: (row) => rolesOfUser(row).map(value('orgSourcedId')).join(','),
        ...copied('givenName', 'familyName', 'username', 'password'),
        role: (row) =>
          value('role')(rolesOfUser(row)[0] ?? {}).replace(/^./u, (letter) => letter.toUpperCase()),
        grade: (row) => value('grade')(rolesOfUser(row)[0] ?? {}),
      },
      rows('users.csv'),
    ),
    'classes.csv': toCsv(copied('sourcedId', 'orgSourcedId', 'title'), rows('classes.csv')),
    'enrollments.csv': v21['enrollments.csv'] ?? '',
  };
}

/** OneRoster 1.1 or 1.2: ids for enrollments and roles, a manifest; in 1.1 a user's role and orgs stand in users.csv. */
export function toOneRosterFormat(files: Files, version: '1.1' | '1.2'): Record<string, string> {
  const v21 = toV21Format(files);
  const rows = (name: string): Row[] => rowsOf(v21[name] ?? '');
  const rolesOf = Map.groupBy(rows('roles.csv'), value('userSourcedId'));
  const rolesOfUser = (row: Row): Row[] => rolesOf.get(value('sourcedId')(row)) ?? [];
  const constant = (text: string) => (): string => text;
  const head = { sourcedId: value('sourcedId'), status: constant(''), dateLastModified: constant('') };
  const joined = (...titles: string[]) => ({
    ...head,
    sourcedId: (row: Row) => titles.map((title) => value(title)(row)).join('-'),
  });
  const schoolOfClass = new Map(
    rows('classes.csv').map((row) => [row['sourcedId'], value('orgSourcedId')(row)]),
  );
  const names = ['academicSessions', 'classes', 'courses', 'enrollments', 'orgs', 'users'];
  if (version === '1.2') names.push('roles');
  const people = {
    enabledUser: constant('true'),
    ...(version === '1.1'
      ? {
          orgSourcedIds: (row: Row) => rolesOfUser(row).map(value('orgSourcedId')).join(','),
          role: (row: Row) => value('role')(rolesOfUser(row)[0] ?? {}),
        }
      : {}),
    username: value('username'),
    userIds: constant(''),
    givenName: value('givenName'),
    familyName: value('familyName'),
    middleName: constant(''),
    identifier: value('userNumber'),
    email: constant(''),
    sms: constant(''),
    phone: constant(''),
    agentSourcedIds: constant(''),
    grades: (row: Row) => value('grade')(rolesOfUser(row)[0] ?? {}),
    password: value('password'),
  };
  return {
    'manifest.csv': [
      'propertyName,value',
      'manifest.version,1.0',
      `oneroster.version,${version}`,
      ...names.map((name) => `file.${name},bulk`),
      'file.demographics,absent',
      '',
    ].join('\r\n'),
    'orgs.csv': toCsv(
      {
        ...head,
        name: value('name'),
        type: value('type'),
        identifier: constant(''),
        parentSourcedId: constant(''),
      },
      rows('orgs.csv'),
    ),
    'academicSessions.csv': toCsv(
      {
        ...head,
        title: value('title'),
        type: value('type'),
        startDate: value('startDate'),
        endDate: value('endDate'),
        parentSourcedId: constant(''),
        schoolYear: value('schoolYear'),
      },
      rows('academicSessions.csv'),
    ),
    'courses.csv': toCsv(
      {
        ...head,
        schoolYearSourcedId: constant(''),
        title: value('title'),
        courseCode: value('code'),
        grades: constant(''),
        orgSourcedId: value('orgSourcedId'),
        subjects: value('subject'),
        subjectCodes: constant(''),
      },
      rows('courses.csv'),
    ),
    'users.csv': toCsv({ ...head, ...people }, rows('users.csv')),
    ...(version === '1.2'
      ? {
          'roles.csv': toCsv(
            {
              ...joined('userSourcedId', 'orgSourcedId', 'role'),
              userSourcedId: value('userSourcedId'),
              roleType: constant(''),
              role: value('role'),
              beginDate: constant(''),
              endDate: constant(''),
              orgSourcedId: value('orgSourcedId'),
              userProfileSourcedId: constant(''),
            },
            rows('roles.csv'),
          ),
        }
      : {}),
    'classes.csv': toCsv(
      {
        ...head,
        title: value('title'),
        grades: constant(''),
        courseSourcedId: value('courseSourcedId'),
        classCode: value('code'),
        classType: constant(''),
        location: constant(''),
        schoolSourcedId: value('orgSourcedId'),
        termSourcedIds: value('sessionSourcedIds'),
        subjects: constant(''),
        subjectCodes: constant(''),
        periods: constant(''),
      },
      rows('classes.csv'),
    ),
    'enrollments.csv': toCsv(
      {
        ...joined('classSourcedId', 'userSourcedId', 'role'),
        classSourcedId: value('classSourcedId'),
        schoolSourcedId: (row) => schoolOfClass.get(row['classSourcedId'] ?? '') ?? '',
        userSourcedId: value('userSourcedId'),
        role: value('role'),
        primary: constant(''),
        beginDate: constant(''),
        endDate: constant(''),
      },
      rows('enrollments.csv'),
    ),
  };
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
        ...Object.fromEntries(
          Array.from({ length: 9 }, (_, index) => [`Teacher_${index + 2}_id`, teacher(index + 1)]),
        ),
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
