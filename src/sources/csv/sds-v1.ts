import type { RecordName } from '#core/roster/record-codes.ts';

/**
 * The format SDS V1 as data: files, columns, what is required when, dates, lengths, where values go. Source: Microsoft's
 * "SDS V1 CSV file format" and its sample sets (the 31-column Student.csv of before 2018 included).
 */
export type FileName =
  | 'school.csv'
  | 'section.csv'
  | 'student.csv'
  | 'teacher.csv'
  | 'studentenrollment.csv'
  | 'teacherroster.csv';

export type Entity = 'school' | 'section' | 'student' | 'teacher';

/** The record a column's value belongs to. `secret` goes into no record and no hash. */
export type ColumnPart = 'key' | 'reference' | 'record' | 'session' | 'course' | 'role' | 'secret';

export interface ColumnDefinition {
  readonly title: string;
  readonly part: ColumnPart;
  /** Property of the canonical record (core/roster/records.ts); for key and reference what it is called in code. */
  readonly property: string;
  /** create: only when the profile creates users. The header of a required column must be there too. */
  readonly required: 'always' | 'create' | 'no';
  readonly date: boolean;
  readonly maxLength: number;
}

export interface FileDefinition {
  readonly name: FileName;
  /** Whose optional columns a profile can choose; null: none to choose. */
  readonly entity: Entity | null;
  /** What one row is called in a message. */
  readonly record: string;
  readonly columns: readonly ColumnDefinition[];
  /** Records this file feeds, its main one first. */
  readonly feeds: readonly [RecordName, ...RecordName[]];
}

const ID_LENGTH = 256;

const column = (
  title: string,
  property: string,
  options: Partial<Pick<ColumnDefinition, 'part' | 'required' | 'date' | 'maxLength'>> = {},
): ColumnDefinition => ({
  title,
  property,
  part: 'record',
  required: 'no',
  date: false,
  maxLength: 256,
  ...options,
});

const id = (title: string, property: string, part: 'key' | 'reference'): ColumnDefinition =>
  column(title, property, { part, required: 'always', maxLength: ID_LENGTH });

const PERSON_COLUMNS = [
  id('SIS ID', 'id', 'key'),
  id('School SIS ID', 'school', 'reference'),
  column('First Name', 'givenName', { required: 'create', maxLength: 64 }),
  column('Last Name', 'surname', { required: 'create', maxLength: 64 }),
  column('Username', 'username', { required: 'always', maxLength: 113 }),
  column('Password', 'password', { part: 'secret' }),
  column('State ID', 'stateId'),
  column('Secondary Email', 'secondaryEmail'),
  column('Middle Name', 'middleName', { maxLength: 64 }),
  column('Status', 'status'),
] as const;

const address = (kind: 'Mailing' | 'Residence'): ColumnDefinition[] =>
  ['Address', 'City', 'State', 'Zip', 'Latitude', 'Longitude', 'Country'].map((part) =>
    column(`${kind} ${part}`, `${kind.toLowerCase()}${part}`),
  );

/** In the order of reading: what is pointed at comes first. */
export const SDS_V1_FILES: readonly FileDefinition[] = [
  {
    name: 'school.csv',
    entity: 'school',
    record: 'school',
    feeds: ['org'],
    columns: [
      id('SIS ID', 'id', 'key'),
      column('Name', 'displayName', { required: 'always' }),
      column('School Number', 'schoolNumber'),
      column('School NCES_ID', 'ncesId'),
      column('State ID', 'stateId'),
      column('Grade Low', 'lowestGrade'),
      column('Grade High', 'highestGrade'),
      column('Principal SIS ID', 'principalExternalId'),
      column('Principal Name', 'principalName'),
      column('Principal Secondary Email', 'principalEmail'),
      column('Address', 'street', { maxLength: 1024 }),
      column('City', 'city'),
      column('State', 'state'),
      column('Country', 'country'),
      column('Zip', 'postalCode'),
      column('Phone', 'phone'),
      column('Zone', 'zone'),
    ],
  },
  {
    name: 'section.csv',
    entity: 'section',
    record: 'section',
    feeds: ['class', 'academicSession', 'course'],
    columns: [
      id('SIS ID', 'id', 'key'),
      id('School SIS ID', 'school', 'reference'),
      column('Section Name', 'displayName', { required: 'always' }),
      column('Section Number', 'classCode'),
      column('Term SIS ID', 'id', { part: 'session' }),
      column('Term Name', 'displayName', { part: 'session' }),
      column('Term StartDate', 'startDate', { part: 'session', date: true }),
      column('Term EndDate', 'endDate', { part: 'session', date: true }),
      column('Course SIS ID', 'id', { part: 'course' }),
      column('Course Name', 'displayName', { part: 'course' }),
      column('Course Number', 'courseNumber', { part: 'course' }),
      column('Course Description', 'description', { part: 'course', maxLength: 1024 }),
      column('Course Subject', 'subject', { part: 'course' }),
      column('Periods', 'periods'),
      column('Status', 'status'),
    ],
  },
  {
    name: 'student.csv',
    entity: 'student',
    record: 'student',
    feeds: ['student', 'studentRole'],
    columns: [
      ...PERSON_COLUMNS,
      column('Student Number', 'number'),
      column('Grade', 'grade'),
      column('Birthdate', 'birthDate', { date: true }),
      column('Graduation Year', 'graduationYear'),
      ...address('Mailing'),
      ...address('Residence'),
      column('Gender', 'sex'),
      column('ELL Status', 'ellStatus'),
      column('FederalRace', 'federalRace'),
    ],
  },
  {
    name: 'teacher.csv',
    entity: 'teacher',
    record: 'teacher',
    feeds: ['teacher', 'teacherRole'],
    columns: [
      ...PERSON_COLUMNS,
      column('Teacher Number', 'number'),
      column('Title', 'title'),
      column('Qualification', 'qualification'),
    ],
  },
  {
    name: 'studentenrollment.csv',
    entity: null,
    record: 'enrollment',
    feeds: ['studentEnrollment'],
    columns: [id('Section SIS ID', 'section', 'reference'), id('SIS ID', 'person', 'reference')],
  },
  {
    name: 'teacherroster.csv',
    entity: null,
    record: 'roster entry',
    feeds: ['teacherEnrollment'],
    columns: [id('Section SIS ID', 'section', 'reference'), id('SIS ID', 'person', 'reference')],
  },
];

/** Files of contacts: part of the format, not read yet. */
export const SDS_V1_IGNORED_FILES: readonly string[] = ['user.csv', 'guardianrelationship.csv'];

/** Titles are compared without letter case, blanks and underscores: `GradeLow` is `Grade Low`, `birth_date` is `Birthdate`. */
export function looseTitle(title: string): string {
  return title.toLowerCase().replaceAll(/[\s_]+/g, '');
}
