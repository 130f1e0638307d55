import { oneRosterManifest } from './merge-files.ts';

/** A row of a OneRoster file, by title. */
export type OneRosterRow = Readonly<Record<string, string>>;
export type OneRosterFile =
  'orgs' | 'academicSessions' | 'courses' | 'users' | 'roles' | 'classes' | 'enrollments' | 'demographics';
/** Rows by sourcedId. */
export type OneRosterSet = Record<OneRosterFile, Map<string, OneRosterRow>>;

const HEAD = ['sourcedId', 'status', 'dateLastModified'];
const TITLES: Readonly<Record<OneRosterFile, readonly string[]>> = {
  orgs: [...HEAD, 'name', 'type', 'identifier', 'parentSourcedId'],
  academicSessions: [...HEAD, 'title', 'type', 'startDate', 'endDate', 'parentSourcedId', 'schoolYear'],
  courses: [
    ...HEAD,
    'schoolYearSourcedId',
    'title',
    'courseCode',
    'grades',
    'orgSourcedId',
    'subjects',
    'subjectCodes',
  ],
  users: [
    ...HEAD,
    'enabledUser',
    'username',
    'userIds',
    'givenName',
    'familyName',
    'middleName',
    'identifier',
    'email',
    'sms',
    'phone',
    'agentSourcedIds',
    'grades',
    'password',
  ],
  roles: [
    ...HEAD,
    'userSourcedId',
    'roleType',
    'role',
    'beginDate',
    'endDate',
    'orgSourcedId',
    'userProfileSourcedId',
  ],
  classes: [
    ...HEAD,
    'title',
    'grades',
    'courseSourcedId',
    'classCode',
    'classType',
    'location',
    'schoolSourcedId',
    'termSourcedIds',
    'subjects',
    'subjectCodes',
    'periods',
  ],
  enrollments: [
    ...HEAD,
    'classSourcedId',
    'schoolSourcedId',
    'userSourcedId',
    'role',
    'primary',
    'beginDate',
    'endDate',
  ],
  demographics: [...HEAD, 'birthDate', 'sex'],
};
export const ONEROSTER_FILES = Object.keys(TITLES) as OneRosterFile[];

/** Two schools with classes, students, teachers; OneRoster 1.2. */
export function smallOneRoster(studentsPerSchool = 8): OneRosterSet {
  const set = Object.fromEntries(ONEROSTER_FILES.map((file) => [file, new Map()])) as OneRosterSet;
  const add = (file: OneRosterFile, sourcedId: string, row: OneRosterRow): void => {
    set[file].set(sourcedId, { sourcedId, ...row });
  };
  add('academicSessions', 'y', {
    title: 'Year',
    type: 'schoolYear',
    startDate: '2026-08-01',
    endDate: '2027-07-31',
    schoolYear: '2027',
  });
  for (const school of ['a', 'b']) {
    add('orgs', school, { name: `School ${school}`, type: 'school' });
    add('courses', `k-${school}`, { title: 'Course', courseCode: '1', orgSourcedId: school });
    const user = (id: string, role: string): void => {
      add('users', id, {
        enabledUser: 'true',
        username: id,
        givenName: 'Given',
        familyName: id,
        grades: role === 'student' ? '05' : '',
      });
      add('roles', `r-${id}`, { userSourcedId: id, roleType: 'primary', role, orgSourcedId: school });
    };
    const enroll = (section: string, id: string, role: string): void =>
      add('enrollments', `e-${section}-${id}`, {
        classSourcedId: section,
        schoolSourcedId: school,
        userSourcedId: id,
        role,
      });
    for (const section of [1, 2].map((number) => `c-${school}${number}`)) {
      add('classes', section, {
        title: `Class ${section}`,
        courseSourcedId: `k-${school}`,
        classType: 'scheduled',
        schoolSourcedId: school,
        termSourcedIds: 'y',
      });
      user(`t-${section}`, 'teacher');
      enroll(section, `t-${section}`, 'teacher');
    }
    for (let i = 0; i < studentsPerSchool; i += 1) {
      const id = `s-${school}${i}`;
      user(id, 'student');
      enroll(`c-${school}${(i % 2) + 1}`, id, 'student');
      if (i % 2 === 0)
        add('demographics', id, { birthDate: `2015-01-${String(i + 1).padStart(2, '0')}`, sex: 'female' });
    }
  }
  return set;
}

export function copyOfSet(set: OneRosterSet): OneRosterSet {
  return Object.fromEntries(
    ONEROSTER_FILES.map((file) => [file, new Map([...set[file]].map(([id, row]) => [id, { ...row }]))]),
  ) as OneRosterSet;
}

/** All rows, as whole files. */
export function bulkFiles(set: OneRosterSet): Record<string, string> {
  const there = ONEROSTER_FILES.filter((file) => set[file].size > 0);
  return {
    'manifest.csv': oneRosterManifest(
      '1.2',
      Object.fromEntries(ONEROSTER_FILES.map((file) => [file, there.includes(file) ? 'bulk' : 'absent'])),
    ),
    ...Object.fromEntries(there.map((file) => [`${file}.csv`, oneRosterCsv(file, [...set[file].values()])])),
  };
}

/** The rows that have changed, as delta files; files without changes are absent, or come with a header alone. */
export function deltaFiles(
  before: OneRosterSet,
  after: OneRosterSet,
  options: { readonly at?: string; readonly withEmpty?: boolean } = {},
): Record<string, string> {
  const { at = '2026-09-01T00:00:00Z', withEmpty = false } = options;
  const changes = new Map(ONEROSTER_FILES.map((file) => [file, changedRows(before[file], after[file], at)]));
  const sent = ONEROSTER_FILES.filter((file) => withEmpty || (changes.get(file)?.length ?? 0) > 0);
  return {
    'manifest.csv': oneRosterManifest(
      '1.2',
      Object.fromEntries(ONEROSTER_FILES.map((file) => [file, sent.includes(file) ? 'delta' : 'absent'])),
    ),
    ...Object.fromEntries(sent.map((file) => [`${file}.csv`, oneRosterCsv(file, changes.get(file) ?? [])])),
  };
}

function changedRows(
  before: ReadonlyMap<string, OneRosterRow>,
  after: ReadonlyMap<string, OneRosterRow>,
  at: string,
): OneRosterRow[] {
  const same = (one: OneRosterRow | undefined, other: OneRosterRow): boolean =>
    one !== undefined && JSON.stringify(one) === JSON.stringify(other);
  const changed = [...after.values()].filter((row) => !same(before.get(row['sourcedId'] ?? ''), row));
  const gone = [...before].filter(([id]) => !after.has(id)).map(([, row]) => row);
  return [
    ...changed.map((row) => ({ ...row, status: 'active', dateLastModified: at })),
    ...gone.map((row) => ({ ...row, status: 'tobedeleted', dateLastModified: at })),
  ];
}

export function oneRosterCsv(file: OneRosterFile, rows: readonly OneRosterRow[]): string {
  const titles = TITLES[file];
  const quoted = (text: string): string => (/[",]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [titles, ...rows.map((row) => titles.map((title) => quoted(row[title] ?? '')))]
    .map((line) => `${line.join(',')}\r\n`)
    .join('');
}
