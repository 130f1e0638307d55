import { column, type ColumnDefinition, type FormatDefinition, id } from './format.ts';

/**
 * Clever's five files. Teachers stand in columns of the section, terms have no id but their name, and a person has a row for each school
 * and contact. Source: Clever's SFTP instructions and what exporters write.
 */
const unread = (title: string): ColumnDefinition => column(title, title.toLowerCase(), { part: 'unread' });

/** Each row of a student may name one. */
const contact = (title: string, property: string): ColumnDefinition =>
  column(title, property, { part: 'contact' });

/** In each file with an id of its own beside, which is enough. */
const SCHOOL = id('School_id', 'school', 'reference');

const PERSON = [
  SCHOOL,
  column('First_name', 'givenName', { required: 'create', maxLength: 64 }),
  column('Middle_name', 'middleName', { maxLength: 64 }),
  column('Last_name', 'surname', { required: 'create', maxLength: 64 }),
  column('Username', 'username', { required: 'always', maxLength: 113 }),
  column('Password', 'password', { part: 'secret' }),
] as const;

export const CLEVER: FormatDefinition = {
  name: 'clever',
  title: 'Clever CSV',
  ignoredFiles: ['admins.csv'],
  files: [
    {
      name: 'schools.csv',
      reader: 'schools',
      entity: 'school',
      record: 'school',
      feeds: ['org'],
      columns: [
        id('School_id', 'id', 'key'),
        column('School_name', 'displayName', { required: 'always' }),
        column('School_number', 'schoolNumber'),
        column('State_id', 'stateId'),
        column('Low_grade', 'lowestGrade'),
        column('High_grade', 'highestGrade'),
        column('Principal', 'principalName'),
        column('Principal_email', 'principalEmail', { check: 'email' }),
        column('School_address', 'street', { maxLength: 1024 }),
        column('School_city', 'city'),
        column('School_state', 'state'),
        column('School_zip', 'postalCode'),
        column('School_phone', 'phone', { check: 'phone' }),
      ],
    },
    {
      name: 'students.csv',
      reader: 'students',
      entity: 'student',
      record: 'student',
      feeds: ['student', 'studentRole'],
      repeats: true,
      columns: [
        id('Student_id', 'id', 'key'),
        ...PERSON,
        column('Student_number', 'number'),
        column('State_id', 'stateId'),
        column('Student_email', 'secondaryEmail', { check: 'email' }),
        column('Grade', 'grade'),
        column('Graduation_year', 'graduationYear', { check: 'year' }),
        column('DOB', 'birthDate', { date: true }),
        column('Gender', 'sex'),
        column('Race', 'federalRace'),
        column('Hispanic_Latino', 'hispanicLatino'),
        column('Home_language', 'homeLanguage'),
        column('Ell_status', 'ellStatus'),
        column('Frl_status', 'frlStatus'),
        column('IEP_status', 'iepStatus'),
        column('Student_street', 'residenceAddress'),
        column('Student_city', 'residenceCity'),
        column('Student_state', 'residenceState'),
        column('Student_zip', 'residenceZip'),
        contact('Contact_relationship', 'relationship'),
        contact('Contact_type', 'contactType'),
        contact('Contact_name', 'displayName'),
        contact('Contact_phone', 'phone'),
        contact('Contact_email', 'email'),
        unread('Contact_sis_id'),
      ],
    },
    {
      name: 'teachers.csv',
      reader: 'teachers',
      entity: 'teacher',
      record: 'teacher',
      feeds: ['teacher', 'teacherRole'],
      columns: [
        id('Teacher_id', 'id', 'key'),
        ...PERSON,
        column('Teacher_number', 'number'),
        column('State_teacher_id', 'stateId'),
        column('Teacher_email', 'secondaryEmail', { check: 'email' }),
        column('Title', 'title'),
      ],
    },
    {
      name: 'sections.csv',
      reader: 'sections',
      entity: 'section',
      record: 'section',
      feeds: ['class', 'academicSession', 'course', 'teacherEnrollment'],
      columns: [
        id('Section_id', 'id', 'key'),
        SCHOOL,
        // Without it all classes would lose their teachers.
        column('Teacher_id', 'teacher1', { part: 'member', required: 'header' }),
        ...Array.from({ length: 9 }, (_, index) =>
          column(`Teacher_${index + 2}_id`, `teacher${index + 2}`, { part: 'member' }),
        ),
        column('Name', 'displayName'),
        column('Section_number', 'classCode'),
        column('Grade', 'grade'),
        column('Course_name', 'displayName', { part: 'course' }),
        column('Course_number', 'courseNumber', { part: 'course' }),
        column('Course_description', 'description', { part: 'course', maxLength: 1024 }),
        column('Subject', 'subject', { part: 'course' }),
        column('Period', 'periods'),
        column('Term_name', 'displayName', { part: 'session' }),
        column('Term_start', 'startDate', { part: 'session', date: true }),
        column('Term_end', 'endDate', { part: 'session', date: true }),
      ],
    },
    {
      name: 'enrollments.csv',
      reader: 'studentEnrollments',
      entity: null,
      record: 'enrollment',
      feeds: ['studentEnrollment'],
      columns: [
        id('Section_id', 'section', 'reference'),
        id('Student_id', 'person', 'reference'),
        unread('School_id'),
      ],
    },
  ],
};
