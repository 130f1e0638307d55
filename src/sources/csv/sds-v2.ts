import { column, type FormatDefinition, id, listed, optionalId } from './format.ts';

/**
 * SDS V2 of 2020, which School Data Sync gave up in 2022 and exporters still write: four files, the roles in the rows of the users. Source:
 * Microsoft's sample set of it.
 */
export const SDS_V2: FormatDefinition = {
  name: 'sds-v2',
  title: 'SDS V2',
  ignoredFiles: [],
  files: [
    {
      name: 'orgs.csv',
      reader: 'schools',
      entity: 'school',
      record: 'org',
      feeds: ['org'],
      columns: [
        id('sourcedId', 'id', 'key'),
        column('name', 'displayName', { required: 'always' }),
        column('type', 'type', { ...listed('orgTypes'), required: 'header' }),
        optionalId('parentSourcedId', 'parent'),
      ],
    },
    {
      name: 'users.csv',
      reader: 'usersWithRoles',
      entity: 'user',
      record: 'user',
      feeds: ['student', 'teacher', 'studentRole', 'teacherRole'],
      columns: [
        id('sourcedId', 'id', 'key'),
        id('orgSourcedIds', 'school', 'reference'),
        column('givenName', 'givenName', { required: 'create', maxLength: 64 }),
        column('familyName', 'surname', { required: 'create', maxLength: 64 }),
        column('username', 'username', { required: 'always', maxLength: 113 }),
        column('password', 'password', { part: 'secret' }),
        column('role', 'role', { ...listed('roles'), part: 'role', required: 'always' }),
        column('grade', 'grade', { ...listed('grades'), part: 'role' }),
      ],
    },
    {
      name: 'classes.csv',
      reader: 'sections',
      entity: 'section',
      record: 'class',
      feeds: ['class'],
      columns: [
        id('sourcedId', 'id', 'key'),
        id('orgSourcedId', 'school', 'reference'),
        column('title', 'displayName', { required: 'always' }),
      ],
    },
    {
      name: 'enrollments.csv',
      reader: 'enrollments',
      entity: null,
      record: 'enrollment',
      feeds: ['studentEnrollment', 'teacherEnrollment'],
      columns: [
        id('classSourcedId', 'section', 'reference'),
        id('userSourcedId', 'person', 'reference'),
        column('role', 'role', { ...listed('sectionRoles'), part: 'role', required: 'always' }),
      ],
    },
  ],
};
