import {
  column,
  type ColumnDefinition,
  type FileDefinition,
  type FormatDefinition,
  id,
  type ValueRule,
} from './format.ts';

/** Checked, and taken as received: see docs/guide/formats.md, which says which columns are, and why. */
const GRADE: ValueRule = { list: 'grades' };

/** Source: Microsoft's "SDS V1 CSV file format" and its sample sets (the 31-column Student.csv of before 2018 included). */
const PERSON_COLUMNS = [
  id('SIS ID', 'id', 'key'),
  id('School SIS ID', 'school', 'reference'),
  column('First Name', 'givenName', { required: 'create', maxLength: 64 }),
  column('Last Name', 'surname', { required: 'create', maxLength: 64 }),
  column('Username', 'username', { required: 'always', maxLength: 113 }),
  column('Password', 'password', { part: 'secret' }),
  column('State ID', 'stateId'),
  column('Secondary Email', 'secondaryEmail', { check: 'email' }),
  column('Middle Name', 'middleName', { maxLength: 64 }),
  column('Status', 'status'),
] as const;

const address = (kind: 'Mailing' | 'Residence'): ColumnDefinition[] =>
  ['Address', 'City', 'State', 'Zip', 'Latitude', 'Longitude', 'Country'].map((part) =>
    column(`${kind} ${part}`, `${kind.toLowerCase()}${part}`),
  );

const FILES: readonly FileDefinition[] = [
  {
    name: 'school.csv',
    reader: 'schools',
    entity: 'school',
    record: 'school',
    feeds: ['org'],
    columns: [
      id('SIS ID', 'id', 'key'),
      column('Name', 'displayName', { required: 'always' }),
      column('School Number', 'schoolNumber'),
      column('School NCES_ID', 'ncesId'),
      column('State ID', 'stateId'),
      column('Grade Low', 'lowestGrade', { check: GRADE }),
      column('Grade High', 'highestGrade', { check: GRADE }),
      column('Principal SIS ID', 'principalExternalId'),
      column('Principal Name', 'principalName'),
      column('Principal Secondary Email', 'principalEmail', { check: 'email' }),
      column('Address', 'street', { maxLength: 1024 }),
      column('City', 'city'),
      column('State', 'state'),
      column('Country', 'country'),
      column('Zip', 'postalCode'),
      column('Phone', 'phone', { check: 'phone' }),
      column('Zone', 'zone'),
    ],
  },
  {
    name: 'section.csv',
    reader: 'sections',
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
  // Contacts of students: parents, guardians. Before the students, whose records they are part of.
  {
    name: 'user.csv',
    reader: 'contacts',
    entity: null,
    record: 'contact',
    feeds: ['student'],
    optional: true,
    together: ['guardianrelationship.csv'],
    describes: 'shared',
    columns: [
      column('Email', 'id', { part: 'key', required: 'header' }),
      column('First Name', 'givenName', { required: 'header', maxLength: 120 }),
      column('Last Name', 'surname', { required: 'header', maxLength: 120 }),
      column('Phone', 'phone', { required: 'header' }),
      column('SIS ID', 'sisId', { part: 'unread', required: 'header' }),
    ],
  },
  {
    name: 'guardianrelationship.csv',
    reader: 'guardians',
    entity: null,
    record: 'contact of a student',
    feeds: ['student'],
    optional: true,
    together: ['user.csv'],
    describes: 'contacts',
    columns: [
      id('SIS ID', 'person', 'reference'),
      column('Email', 'contact', { part: 'reference', required: 'header' }),
      column('Role', 'relationship', { required: 'header' }),
    ],
  },
  {
    name: 'student.csv',
    reader: 'students',
    entity: 'student',
    record: 'student',
    feeds: ['student', 'studentRole'],
    columns: [
      ...PERSON_COLUMNS,
      column('Student Number', 'number'),
      column('Grade', 'grade', { check: GRADE }),
      column('Birthdate', 'birthDate', { date: true }),
      column('Graduation Year', 'graduationYear', { check: 'year' }),
      ...address('Mailing'),
      ...address('Residence'),
      column('Gender', 'sex'),
      column('ELL Status', 'ellStatus'),
      column('FederalRace', 'federalRace'),
    ],
  },
  {
    name: 'teacher.csv',
    reader: 'teachers',
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
    reader: 'studentEnrollments',
    entity: null,
    record: 'enrollment',
    feeds: ['studentEnrollment'],
    columns: [id('Section SIS ID', 'section', 'reference'), id('SIS ID', 'person', 'reference')],
  },
  {
    name: 'teacherroster.csv',
    reader: 'teacherEnrollments',
    entity: null,
    record: 'roster entry',
    feeds: ['teacherEnrollment'],
    columns: [id('Section SIS ID', 'section', 'reference'), id('SIS ID', 'person', 'reference')],
  },
];

export const SDS_V1: FormatDefinition = {
  name: 'sds-v1',
  title: 'SDS V1',
  files: FILES,
  ignoredFiles: [],
};
