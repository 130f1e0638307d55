import { RECORD_CODES } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';

import type { BoundColumn, PersonRole } from './bind-header.ts';
import { takeRoles } from './read-roles.ts';
import { PRESENT } from './id-table.ts';
import { NameTable } from './name-table.ts';
import { reportUndecided } from './role-names.ts';
import type { RosterFile } from './roster-file.ts';
import {
  addFieldTo,
  findField,
  forEachPart,
  isEmpty,
  isPresent,
  isReliable,
  type RosterState,
  type RowReader,
  spareFile,
  withdrawFrom,
} from './roster-state.ts';
import { type MoreOfPerson, type PeopleTaker, takePeople } from './take-people.ts';

const ROLES = ['student', 'teacher'] as const;

/** users.csv of OneRoster 1.1: a row is a person with one role, in every org of a list. */
export function readUsersWithRoles(state: RosterState, file: RosterFile): RowReader {
  const id = must(file.column('id', 'key'));
  const school = must(file.column('school', 'reference'));
  const grade = file.column('grade', 'role') ?? file.column('grades', 'role');
  const gradesOfUser: MoreOfPerson = {
    hash() {
      if (grade !== undefined && !isEmpty(file.row, grade)) {
        const bytes = Buffer.from(file.text(grade));
        state.hash.addBytes(bytes, 0, bytes.length);
      }
    },
    record() {
      const { grade: first = null, grades } = file.record('role');
      return { grade: first, ...(grades === undefined ? {} : { grades }) };
    },
  };
  const roles = takeRoles(state, file, id, false);
  const userNames = new NameTable(state.students.states.length);
  const takers: Record<PersonRole, PeopleTaker> = {
    student: takePeople(state, file, 'student', gradesOfUser, userNames),
    teacher: takePeople(state, file, 'teacher', gradesOfUser, userNames),
  };

  /** The last good state stays. Which roles these were is not told by a row that is not good: none of the person's group ends. */
  const keep = (said: PersonRole | null = null): boolean => {
    let known = false;
    for (const role of ROLES) {
      const kept = takers[role].keep(said === null || said === role);
      if (kept === 'before')
        state.spared.add(RECORD_CODES[role === 'student' ? 'studentRole' : 'teacherRole']);
      known ||= kept !== 'nowhere';
    }
    return known;
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
      const name = roles.nameOf();
      const role = name === undefined || name.role === 'other' ? null : name.role;
      if (role !== null) takers[role].check();
      if (!isEmpty(row, school) && !namesAny(file, school))
        file.fail('REQUIRED_MISSING', school, `${school.title} names no org.`);
      if (file.bad || name === undefined) {
        forEachPart(file, school, () => roles.judge());
        if (isEmpty(row, id)) spareFile(state, file);
        else keep(role);
        return;
      }
      if (role === null) {
        const stays = name.undecided ? ROLES.filter((one) => takers[one].stay()) : [];
        if (stays.length > 0) reportUndecided(file, id, stays);
        const isThere = ROLES.some((one) => isPresent(takers[one].table, row, id));
        if (isThere) {
          forEachPart(file, school, () => roles.take(name));
          return;
        }
        state.roleless.states[addFieldTo(state.roleless, row, id)] = PRESENT;
        // Contacts are users, too.
        if (findField(state.contacts, row, id) !== -1) return;
        file.report('USER_WITHOUT_ROLE', id, 'The user is neither a student nor staff, and gets no account.');
        return;
      }
      takers[role].take(() => firstOf(file.text(school)));
      let again = 0;
      forEachPart(file, school, () => {
        if (roles.take(name) === 'again') again += 1;
      });
      if (takers[role].differs)
        file.report(
          'ID_DUPLICATE',
          id,
          'This user was there before, with other values; the first row counts.',
        );
      else if (again > 0)
        file.report('ROW_DUPLICATE', id, 'The user has this role in the org already; the first row counts.');
    },
  };
}

function namesAny(file: RosterFile, list: BoundColumn): boolean {
  let any = false;
  forEachPart(file, list, () => {
    any = true;
  });
  return any;
}

function firstOf(list: string): string {
  return (list.split(',')[0] ?? '').trim();
}
