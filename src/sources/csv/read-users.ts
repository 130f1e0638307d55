import { assert, must } from '#lib/assert.ts';

import type { PersonRole } from './bind-header.ts';
import { PRESENT } from './id-table.ts';
import type { RosterFile } from './roster-file.ts';
import {
  addFieldTo,
  findField,
  isEmpty,
  isReliable,
  type RosterState,
  type RowReader,
  spareFile,
} from './roster-state.ts';
import { type MoreOfPerson, type PeopleTaker, takePeople } from './take-people.ts';

const ROLES = ['student', 'teacher'] as const;

/**
 * users.csv of a format with one id for each person: a row is a person, who becomes a student, a teacher, or both, by the roles that roles.csv
 * gives. Without a role nobody gets an account.
 */
export function readUsers(state: RosterState, file: RosterFile): RowReader {
  const { userRoles } = state;
  assert(userRoles !== null, 'roles.csv is looked through before users.csv is read');
  const id = must(file.column('id', 'key'));
  let user = -1;
  const gradeOf = (): string | null => userRoles.gradeOf(user);
  // OneRoster 1.2 has the grade here, SDS V2.1 with the role.
  const ownGrade = file.column('grade') !== undefined;
  const grade: MoreOfPerson = {
    hash() {
      const bytes = Buffer.from(gradeOf() ?? '');
      if (bytes.length > 0) state.hash.addBytes(bytes, 0, bytes.length);
    },
    record: () => (ownGrade ? {} : { grade: gradeOf() }),
  };
  const takers: Record<PersonRole, PeopleTaker> = {
    student: takePeople(state, file, 'student', grade),
    teacher: takePeople(state, file, 'teacher'),
  };
  const keep = (): boolean => {
    const kept = ROLES.map((role) => takers[role].keep());
    return kept.some((where) => where !== 'nowhere');
  };

  return {
    salvage: (row) => !isEmpty(row, id) && (keep() || isReliable(row, id)),
    take(row) {
      file.checkValues();
      user = userRoles.find(row, id);
      const roles = ROLES.filter((role) => userRoles.has(user, role));
      for (const role of roles) if (!file.bad) takers[role].check();
      if (file.bad) {
        if (isEmpty(row, id)) spareFile(state, file);
        else keep();
        return;
      }
      for (const role of ROLES) {
        if (roles.includes(role)) takers[role].take(() => userRoles.orgOf(user, role));
        else if (userRoles.mayHave(user)) takers[role].keep();
      }
      if (roles.some((role) => takers[role].differs))
        file.report(
          'ID_DUPLICATE',
          id,
          'This user was there before, with other values; the first row counts.',
        );
      if (roles.length > 0 || userRoles.mayHave(user)) return;
      state.roleless.states[addFieldTo(state.roleless, row, id)] = PRESENT;
      // Contacts are users without a role.
      if (findField(state.contacts, row, id) === -1)
        file.report(
          'USER_WITHOUT_ROLE',
          id,
          'The user has no role of a student or of staff, and gets no account.',
        );
    },
  };
}
