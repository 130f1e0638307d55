import {
  BOOLEAN,
  column,
  type ColumnDefinition,
  EMAIL,
  extensible,
  type FileDefinition,
  type FormatDefinition,
  id,
  ID_LIST,
  optionalId,
  PHONE,
  severalOf,
  YEAR,
} from './format.ts';

/**
 * OneRoster CSV, bulk files: each is the whole set. A row may still say that its record is gone, and a user may be disabled: both are as good
 * as no row. Source: 1EdTech's CSV tables 1.1 and 1.2; `inactive` is what 1.0 wrote.
 */
const STATUS = column('status', 'status', {
  part: 'row',
  withdrawnBy: ['tobedeleted', 'inactive'],
  check: 'status',
  strict: true,
});
const unread = (title: string): ColumnDefinition => column(title, title.toLowerCase(), { part: 'unread' });
const HEAD = [id('sourcedId', 'id', 'key'), STATUS, unread('dateLastModified')] as const;
/** Of records that are known by what they join: an enrollment, a role. */
const JOINING_HEAD = [unread('sourcedId'), STATUS, unread('dateLastModified')] as const;

/** Of values that no list names, separated by commas. */
const LIST = { maxLength: 1024 } as const;
/** Of a user: the first is the grade. */
const GRADES = { ...severalOf('grades'), firstAs: 'grade' } as const;

const USER = [
  column('enabledUser', 'enabledUser', { ...BOOLEAN, part: 'row', withdrawnBy: ['false', '0', 'no'] }),
  column('username', 'username', { required: 'always', maxLength: 113 }),
  column('userIds', 'userIds', { maxLength: 1024 }),
  column('givenName', 'givenName', { required: 'create', maxLength: 64 }),
  column('familyName', 'surname', { required: 'create', maxLength: 64 }),
  column('middleName', 'middleName', { maxLength: 64 }),
  column('identifier', 'number'),
  column('email', 'secondaryEmail', EMAIL),
  column('sms', 'mobilePhone', PHONE),
  column('phone', 'phone', PHONE),
  column('agentSourcedIds', 'agents', { part: 'contact', maxLength: 4096 }),
  column('password', 'password', { part: 'secret' }),
] as const;

const ORGS: FileDefinition = {
  name: 'orgs.csv',
  reader: 'schools',
  entity: 'school',
  record: 'org',
  feeds: ['org'],
  columns: [
    ...HEAD,
    column('name', 'displayName', { required: 'always' }),
    column('type', 'type', { ...extensible('orgTypes'), required: 'header' }),
    column('identifier', 'schoolNumber'),
    optionalId('parentSourcedId', 'parent'),
  ],
};
const SESSIONS: FileDefinition = {
  name: 'academicsessions.csv',
  reader: 'sessions',
  entity: null,
  record: 'session',
  feeds: ['academicSession'],
  columns: [
    ...HEAD,
    column('title', 'displayName', { required: 'always' }),
    column('type', 'type', { ...extensible('sessionTypes'), required: 'header' }),
    column('startDate', 'startDate', { required: 'always', date: true }),
    column('endDate', 'endDate', { required: 'always', date: true }),
    optionalId('parentSourcedId', 'parent'),
    column('schoolYear', 'schoolYear', { ...YEAR, required: 'always' }),
  ],
};
const COURSES: FileDefinition = {
  name: 'courses.csv',
  reader: 'courses',
  entity: null,
  record: 'course',
  feeds: ['course'],
  columns: [
    ...HEAD,
    optionalId('schoolYearSourcedId', 'schoolYear'),
    column('title', 'displayName', { required: 'always' }),
    column('courseCode', 'courseNumber'),
    column('grades', 'grade', severalOf('grades')),
    id('orgSourcedId', 'org', 'reference'),
    column('subjects', 'subject', LIST),
    column('subjectCodes', 'subjectCodes', LIST),
  ],
};
const CLASSES: FileDefinition = {
  name: 'classes.csv',
  reader: 'sections',
  entity: 'section',
  record: 'class',
  feeds: ['class'],
  columns: [
    ...HEAD,
    column('title', 'displayName', { required: 'always' }),
    column('grades', 'grade', severalOf('grades')),
    optionalId('courseSourcedId', 'course'),
    column('classCode', 'classCode'),
    column('classType', 'classType'),
    column('location', 'location'),
    id('schoolSourcedId', 'school', 'reference'),
    optionalId('termSourcedIds', 'sessions', ID_LIST),
    column('subjects', 'subjects', LIST),
    column('subjectCodes', 'subjectCodes', LIST),
    column('periods', 'periods'),
  ],
};
const ENROLLMENTS: FileDefinition = {
  name: 'enrollments.csv',
  reader: 'enrollments',
  entity: null,
  record: 'enrollment',
  feeds: ['studentEnrollment', 'teacherEnrollment'],
  columns: [
    ...JOINING_HEAD,
    id('classSourcedId', 'section', 'reference'),
    unread('schoolSourcedId'),
    id('userSourcedId', 'person', 'reference'),
    column('role', 'role', { ...extensible('sectionRoles'), part: 'role', required: 'always' }),
    column('primary', 'isPrimary', { ...BOOLEAN, part: 'role' }),
    column('beginDate', 'beginDate', { part: 'role', date: true }),
    column('endDate', 'endDate', { part: 'role', date: true }),
  ],
};
/** A column of true and false for each race. */
const race = (title: string, code = title): ColumnDefinition =>
  column(title, 'raceCodes', { ...BOOLEAN, part: 'flag', adds: code });
const DEMOGRAPHICS: FileDefinition = {
  name: 'demographics.csv',
  reader: 'details',
  entity: null,
  record: 'row of demographics',
  feeds: ['student', 'teacher'],
  optional: true,
  describes: 'demographics',
  columns: [
    id('sourcedId', 'person', 'reference'),
    STATUS,
    unread('dateLastModified'),
    column('birthDate', 'birthDate', { date: true }),
    column('sex', 'sex', extensible('sexes')),
    race('americanIndianOrAlaskaNative'),
    race('asian'),
    race('blackOrAfricanAmerican'),
    race('nativeHawaiianOrOtherPacificIslander'),
    race('white'),
    race('demographicRaceTwoOrMoreRaces'),
    column('hispanicOrLatinoEthnicity', 'ethnicityCodes', {
      ...BOOLEAN,
      part: 'flag',
      adds: 'hispanicOrLatinoEthnicity',
    }),
    column('countryOfBirthCode', 'birthCountry'),
    column('stateOfBirthAbbreviation', 'birthState'),
    column('cityOfBirth', 'birthCity'),
    column('publicSchoolResidenceStatus', 'publicSchoolResidenceStatus'),
  ],
};
/** Each file may have columns of the exporter, behind those of the standard. */
const withOwnColumns = (files: readonly FileDefinition[]): FileDefinition[] =>
  files.map((file) => ({ ...file, ownColumns: 'metadata.' }));

/** Part of the exchange that is no roster. */
const OTHER_FILES = [
  'userprofiles.csv',
  'categories.csv',
  'lineitems.csv',
  'results.csv',
  'resources.csv',
  'classresources.csv',
  'courseresources.csv',
  'userresources.csv',
  'scorescales.csv',
  'lineitemscorescales.csv',
  'resultscorescales.csv',
  'lineitemlearningobjectiveids.csv',
  'resultlearningobjectiveids.csv',
] as const;

export const ONEROSTER_1_1: FormatDefinition = {
  name: 'oneroster-1.1',
  title: 'OneRoster 1.1 CSV',
  manifest: '1.1',
  ignoredFiles: OTHER_FILES,
  files: withOwnColumns([
    ORGS,
    SESSIONS,
    COURSES,
    DEMOGRAPHICS,
    {
      name: 'users.csv',
      reader: 'usersWithRoles',
      entity: 'user',
      record: 'user',
      feeds: ['student', 'teacher', 'studentRole', 'teacherRole'],
      columns: [
        ...HEAD,
        ...USER,
        column('orgSourcedIds', 'school', { ...ID_LIST, part: 'reference', required: 'always' }),
        column('role', 'role', { ...extensible('roles'), part: 'role', required: 'always' }),
        column('grades', 'grades', { ...GRADES, part: 'role' }),
      ],
    },
    CLASSES,
    ENROLLMENTS,
  ]),
};

export const ONEROSTER_1_2: FormatDefinition = {
  name: 'oneroster-1.2',
  title: 'OneRoster 1.2 CSV',
  manifest: '1.2',
  ignoredFiles: OTHER_FILES,
  files: withOwnColumns([
    ORGS,
    SESSIONS,
    COURSES,
    DEMOGRAPHICS,
    {
      name: 'users.csv',
      reader: 'users',
      entity: 'user',
      record: 'user',
      feeds: ['student', 'teacher'],
      columns: [
        ...HEAD,
        ...USER,
        column('grades', 'grades', GRADES),
        column('userMasterIdentifier', 'userMasterIdentifier'),
        unread('resourceSourcedIds'),
        column('preferredGivenName', 'preferredGivenName', { maxLength: 64 }),
        column('preferredMiddleName', 'preferredMiddleName', { maxLength: 64 }),
        column('preferredFamilyName', 'preferredSurname', { maxLength: 64 }),
        column('primaryOrgSourcedId', 'primaryOrg'),
        column('pronouns', 'pronouns'),
      ],
    },
    {
      name: 'roles.csv',
      reader: 'roles',
      entity: null,
      record: 'role',
      feeds: ['studentRole', 'teacherRole'],
      columns: [
        ...JOINING_HEAD,
        id('userSourcedId', 'person', 'reference'),
        column('roleType', 'isPrimary', {
          ...BOOLEAN,
          part: 'role',
          means: { ...BOOLEAN.means, primary: 'true', secondary: 'false' },
        }),
        column('role', 'role', { ...extensible('roles'), part: 'role', required: 'always' }),
        column('beginDate', 'startDate', { part: 'role', date: true }),
        column('endDate', 'endDate', { part: 'role', date: true }),
        id('orgSourcedId', 'school', 'reference'),
        unread('userProfileSourcedId'),
      ],
    },
    CLASSES,
    ENROLLMENTS,
  ]),
};
