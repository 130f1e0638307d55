import { RECORD_CODES } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';

import { NO_ENTRY } from '../staged-item.ts';
import type { BoundColumn, PersonRole } from './bind-header.ts';
import { optionalReference } from './optional-reference.ts';
import { membershipRecord, type RoleName, RoleNames } from './role-names.ts';
import type { RosterFile } from './roster-file.ts';
import {
  addAttributes,
  addEntryKey,
  findField,
  goesWithWithdrawn,
  isEmpty,
  lookUp,
  membershipKeys,
  messageOfDropped,
  messageOfMissing,
  type RosterState,
  type RowReader,
  spareFile,
} from './roster-state.ts';

/** Takes the role that the row under way gives a person in a school. */
export interface RoleTaker {
  /** Undefined: the row names none that is known, which is reported. */
  nameOf(): RoleName | undefined;
  /** Of a good row. `again`: this roster had it before. */
  take(name: RoleName): 'fine' | 'again' | 'waits';
  /** The last good state of the role stays, if it can be told which one it is. @returns whether there is one. */
  keep(name: RoleName | undefined): boolean;
}

/** `person`: the column with the id of the person. */
export function takeRoles(state: RosterState, file: RosterFile, person: BoundColumn): RoleTaker {
  const { hash, delta, orgs } = state;
  const school = must(file.column('school', 'reference'));
  const role = must(file.column('role', 'role'));
  const attributes = file.header.columns.filter(
    ({ part, property }) => part === 'role' && property !== 'role',
  );
  const toOrg = { table: orgs, code: RECORD_CODES.org, file: state.fileOf('org') };
  const findSession = optionalReference(state, file, file.column('session', 'reference'), 'academicSession');
  const names = new RoleNames(hash, RECORD_CODES.teacherRole, () => state.newTable());
  const shapes = { student: openRole(state, 'student'), teacher: openRole(state, 'teacher') };
  const keysOf = (as: PersonRole): ReturnType<typeof membershipKeys> =>
    membershipKeys(
      state,
      shapes[as].code,
      { ...shapes[as].to, column: person },
      { table: orgs, code: toOrg.code, column: school },
    );
  const hashKeys = { student: keysOf('student'), teacher: keysOf('teacher') };

  const keep = (name: RoleName | undefined): boolean => {
    if (name === undefined || name.role === null || isEmpty(file.row, school)) return false;
    hashKeys[name.role](file.row, -1, -1);
    if (name.key !== null) hash.addToKey(name.key);
    return delta.keep(hash.key);
  };

  return {
    keep,
    nameOf() {
      if (isEmpty(file.row, role)) return undefined;
      return names.of(file.row, role);
    },
    take(name) {
      if (name.role === null) return 'fine';
      const { row } = file;
      const { to, code } = shapes[name.role];
      const personIndex = findField(to.table, row, person);
      const orgIndex = findField(orgs, row, school);
      if (goesWithWithdrawn(file, [person, to.table, personIndex], [school, orgs, orgIndex])) return 'waits';
      const ofPerson = lookUp(state, to, personIndex, row, person);
      const ofOrg = lookUp(state, toOrg, orgIndex, row, school);
      for (const [reference, column, target] of [
        [ofPerson, person, to],
        [ofOrg, school, toOrg],
      ] as const) {
        if (reference === 'missing')
          file.fail('REFERENCE_NOT_FOUND', column, () =>
            messageOfMissing(column, file.text(column), target.file),
          );
        if (reference === 'dropped')
          file.report('REFERENCE_DROPPED', column, messageOfDropped(column, target.file));
      }
      // Also of a role that waits: each value is judged by itself.
      const sessionEntry = findSession();
      if (ofPerson !== 'present' || ofOrg !== 'present') {
        // A role in another org than before, which is not there: it would end without the new one, if it is not spared.
        if (!keep(name) && ofPerson === 'present') state.spared.add(code);
        return 'waits';
      }
      hash.beginPlainContent(code);
      addAttributes(hash, file, attributes);
      if (sessionEntry !== NO_ENTRY) addEntryKey(state, sessionEntry);
      hash.endContent();
      hashKeys[name.role](row, personIndex, orgIndex);
      if (name.key !== null) hash.addToKey(name.key);
      const sighting = delta.see(code, hash.key, hash.content);
      if (sighting === 'again') return 'again';
      if (sighting === 'same') return 'fine';
      const schoolId = file.text(school);
      delta.emit(sighting, code, delta.entry, {
        sourceId: `${schoolId}/${file.text(person)}`,
        schoolId,
        firstEntry: to.table.entries[personIndex] as number,
        secondEntry: orgs.entries[orgIndex] as number,
        thirdEntry: sessionEntry,
        after: JSON.stringify(membershipRecord(file, name)),
        file: file.definition.name,
        line: row.line,
      });
      return 'fine';
    },
  };
}

/** roles.csv: a row is a person's role in an org. */
export function readRoles(state: RosterState, file: RosterFile): RowReader {
  const person = must(file.column('person', 'reference'));
  const roles = takeRoles(state, file, person);
  return {
    salvage: () => false,
    take(row) {
      file.checkValues();
      const name = roles.nameOf();
      if (file.bad) {
        if (isEmpty(row, person) || !roles.keep(name)) spareFile(state, file);
        return;
      }
      if (name !== undefined && roles.take(name) === 'again')
        file.report(
          'ROW_DUPLICATE',
          undefined,
          'The person has this role in the org already; the first row counts.',
        );
    },
  };
}

function openRole(state: RosterState, as: PersonRole) {
  return {
    code: RECORD_CODES[as === 'student' ? 'studentRole' : 'teacherRole'],
    to: {
      table: as === 'student' ? state.students : state.teachers,
      code: RECORD_CODES[as],
      file: state.fileOf(as),
    },
  };
}
