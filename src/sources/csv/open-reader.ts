import { unreachable } from '#lib/assert.ts';

import { readContacts, CONTACTS_FILE, readRelationships } from './read-contacts.ts';
import { readDetails } from './read-details.ts';
import { readEnrollments } from './read-enrollments.ts';
import { readPeople } from './read-people.ts';
import { readRecords } from './read-records.ts';
import { readRoles } from './read-roles.ts';
import { readSections } from './read-sections.ts';
import { readTree } from './read-tree.ts';
import { readUsers } from './read-users.ts';
import { readUsersWithRoles } from './read-users-with-roles.ts';
import type { RosterFile } from './roster-file.ts';
import type { RosterState, RowReader } from './roster-state.ts';

/** What takes the rows of a file, by the kind of its format's definition. */
export function openReader(state: RosterState, file: RosterFile): RowReader {
  switch (file.definition.reader) {
    case 'schools':
      return readTree(state, file, 'org');
    case 'sessions':
      return readTree(state, file, 'academicSession');
    case 'courses':
      return readRecords(state, file, 'course');
    case 'sections':
      return readSections(state, file);
    case 'students':
      return readPeople(state, file, 'student');
    case 'teachers':
      return readPeople(state, file, 'teacher');
    case 'users':
      return readUsers(state, file);
    case 'usersWithRoles':
      return readUsersWithRoles(state, file);
    case 'roles':
      return readRoles(state, file);
    case 'enrollments':
      return readEnrollments(state, file, null);
    case 'studentEnrollments':
      return readEnrollments(state, file, 'student');
    case 'teacherEnrollments':
      return readEnrollments(state, file, 'teacher');
    case 'contacts':
      return readContacts(state, file);
    case 'details':
      return readDetails(state, file);
    case 'relationships':
      return readRelationships(state, file, { file: state.fileOf('student'), byAddress: false });
    case 'guardians':
      return readRelationships(state, file, { file: CONTACTS_FILE, byAddress: true });
    default:
      return unreachable(file.definition.reader);
  }
}
