import { assert, must } from '#lib/assert.ts';

import type { PersonRole } from './bind-header.ts';
import { PRESENT } from './id-table.ts';
import { NameTable } from './name-table.ts';
import { reportUndecided } from './role-names.ts';
import type { RosterFile } from './roster-file.ts';
import {
  addFieldTo,
  findField,
  isEmpty,
  isPresent,
  isReliable,
  reportRepeated,
  type RosterState,
  type RowReader,
  spareFile,
  withdrawFrom,
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
  const primaryRole = (): PersonRole | null => userRoles.primaryRoleOf(user);
  const gradeOf = (): string | null => userRoles.gradeOf(user);
  // OneRoster 1.2 has the grade here, SDS V2.1 with the role.
  const ownGrade = file.column('grades') !== undefined;
  const grade: MoreOfPerson = {
    hash() {
      const bytes = Buffer.from(gradeOf() ?? '');
      if (bytes.length > 0) state.hash.addBytes(bytes, 0, bytes.length);
    },
    record: () => (ownGrade ? {} : { grade: gradeOf() }),
  };
  const userNames = new NameTable(state.students.states.length);
  const takers: Record<PersonRole, PeopleTaker> = {
    student: takePeople(state, file, 'student', grade, userNames, primaryRole),
    teacher: takePeople(state, file, 'teacher', undefined, userNames, primaryRole),
  };
  if (!userRoles.isWhole) state.unusable.add(file.definition.name);
  /** What names the user as what roles.csv does not say of it has no reason to wait. */
  const keep = (): boolean => {
    const index = userRoles.find(file.row, id);
    const maybe = userRoles.mayHave(index) || !ROLES.some((role) => userRoles.has(index, role));
    const kept = ROLES.map((role) => takers[role].keep(maybe || userRoles.has(index, role)));
    return kept.some((where) => where !== 'nowhere');
  };

  return {
    // Nearly all are students.
    expect: (rows) => takers.student.expect(rows),
    salvage: (row) => !isEmpty(row, id) && (keep() || isReliable(row, id)),
    withdraw(row) {
      for (const role of ROLES) withdrawFrom(takers[role].table, row, id);
    },
    take(row) {
      file.checkValues();
      user = userRoles.find(row, id);
      const roles = ROLES.filter((role) => userRoles.has(user, role));
      // A name that is none as a student is none as staff: it is said once.
      for (const [place, role] of roles.entries()) if (place === 0 || !file.bad) takers[role].check();
      if (file.bad) {
        if (isEmpty(row, id)) spareFile(state, file);
        else keep();
        return;
      }
      // The grade may stand in a role that could not be understood: then the record is not written over without it.
      const lacksGrade = !ownGrade && userRoles.isInDoubt(user) && gradeOf() === null;
      // So may what makes the one role of both the primary one.
      let lacksPrimary = false;
      if (userRoles.mayHave(user)) {
        const others = ROLES.filter((role) => !roles.includes(role));
        const kept = others.map((role) => takers[role].keep());
        lacksPrimary = others.length === 0 || kept.some((where) => where !== 'nowhere');
      }
      for (const role of roles)
        takers[role].take(
          () => userRoles.orgOf(user, role),
          lacksPrimary || (role === 'student' && lacksGrade),
        );
      const before = roles.filter((role) => takers[role].wasPresent);
      if (before.length > 0) reportRepeated(file, !before.some((role) => takers[role].differs));
      if (userRoles.isUndecided(user) && !userRoles.mayHave(user)) {
        const stays = ROLES.filter((role) => takers[role].stay());
        if (stays.length > 0) reportUndecided(file, id, stays);
        if (ROLES.some((role) => isPresent(takers[role].table, row, id))) return;
      }
      if (roles.length > 0 || !userRoles.isWhole || userRoles.mayHave(user)) return;
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
