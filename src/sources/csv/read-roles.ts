import { RECORD_CODES, type RecordCode } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';

import { NO_ENTRY } from '../staged-item.ts';
import type { BoundColumn, PersonRole } from './bind-header.ts';
import type { FileName } from './format.ts';
import type { IdTable } from './id-table.ts';
import { optionalReference } from './optional-reference.ts';
import { membershipRecord, plainName, type RoleName, RoleNames } from './role-names.ts';
import type { RosterFile } from './roster-file.ts';
import {
  addAttributes,
  addEntryKey,
  addField,
  findField,
  goesWithWithdrawn,
  isEmpty,
  isPresent,
  judgeReference,
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
  /** Of a good row. `again`: this roster had it before; `full`: it had so many alike that this one is left out. */
  take(name: RoleName): 'fine' | 'again' | 'waits' | 'full';
  /** The last good state of the role stays, if it can be told which one it is. @returns whether there is one. */
  keep(name: RoleName | undefined): boolean;
  /** Of a bad row: the org and the session that it names, and whether it ends before it starts. */
  judge(): void;
}

/** Roles of neither group are counted with those of staff: all that is no student's. */
const OTHER_ROLE = RECORD_CODES.teacherRole;
/** Numbers of roles alike that may be free below one that is taken, in a row: those roles have ended. */
const FREE_NUMBERS = 8;
/** Most roles of one person in one org under one name: each row is compared with all of them. */
const MOST_ALIKE = 100;
const AGAIN = -1;
const FULL = -2;
/** What a row may say of whether a role is the primary one. */
const PRIMARY = ['', 'true', 'false'].map((text) => Buffer.from(text));

/**
 * `person`: the column with the id of the person. `several`: rows of one role that say something else (another session, other dates) are several
 * roles; else the first counts.
 */
export function takeRoles(
  state: RosterState,
  file: RosterFile,
  person: BoundColumn,
  several: boolean,
): RoleTaker {
  const { hash, delta, orgs } = state;
  const school = must(file.column('school', 'reference'));
  const role = must(file.column('role', 'role'));
  const attributes = file.header.columns.filter(
    ({ part, property }) => part === 'role' && property !== 'role',
  );
  const toOrg = { table: orgs, code: RECORD_CODES.org, file: state.fileOf('org') };
  const findSession = optionalReference(state, file, file.column('session', 'reference'), 'academicSession');
  const names = new RoleNames(hash, RECORD_CODES.teacherRole, state);
  const shapes = { student: openRole(state, 'student'), teacher: openRole(state, 'teacher') };
  const keysOf = ({ code, to }: RoleShape): ReturnType<typeof membershipKeys> =>
    membershipKeys(state, code, { ...to, column: person }, { table: orgs, code: toOrg.code, column: school });
  const hashKeys = {
    student: keysOf(shapes.student),
    teacher: keysOf(shapes.teacher),
    other: keysOf({ code: OTHER_ROLE, to: shapes.student.to }),
  };
  const isThere = ({ to }: RoleShape): boolean => isPresent(to.table, file.row, person);
  /** A role of neither group is put to whatever the person is there as. */
  const shapeOf = ({ role: as }: RoleName): RoleShape => {
    if (as !== 'other') return shapes[as];
    const { to } = !isThere(shapes.student) && isThere(shapes.teacher) ? shapes.teacher : shapes.student;
    return { code: OTHER_ROLE, to };
  };
  /** A user who is known, and has no record. */
  const isNobody = (): boolean =>
    !isThere(shapes.student) &&
    !isThere(shapes.teacher) &&
    [state.roleless, state.contacts].some((table) => findField(table, file.row, person) !== -1);

  const isPrimary = file.column('isPrimary', 'role');
  const startDate = file.column('startDate', 'role');
  const endDate = file.column('endDate', 'role');
  const ownContent = new Int32Array(2);
  const numberKeys: Int32Array[] = [];
  /** Goes into the keys of all but the first of several roles alike. */
  const numberKey = (number: number): Int32Array => {
    let key = numberKeys[number];
    if (key === undefined) {
      hash.beginKey(RECORD_CODES.studentRole);
      hash.addNumber(number);
      hash.endKey();
      key = hash.key.slice();
      numberKeys[number] = key;
    }
    return key;
  };
  /** The key of the role of the row under way; `number`: of several alike, from 0. */
  const hashKey = (name: RoleName, number: number, personIndex = -1, orgIndex = -1): void => {
    const more = number === 0 ? null : numberKey(number);
    // One of neither group keeps its key when the person becomes staff.
    hashKeys[name.role](file.row, name.role === 'other' ? -1 : personIndex, orgIndex);
    if (name.key !== null) hash.addToKey(name.key);
    if (more !== null) hash.addToKey(more);
  };
  /** `primary`: in place of what the row says. */
  const hashContent = (code: RecordCode, sessionEntry: number, primary?: Buffer): void => {
    hash.beginPlainContent(code);
    if (primary === undefined) addAttributes(hash, file, attributes);
    else
      for (const column of attributes)
        if (column !== isPrimary) addAttributes(hash, file, [column]);
        else if (primary.length > 0) {
          hash.addNumber(column.ordinal);
          hash.addBytes(primary, 0, primary.length);
        }
    if (sessionEntry !== NO_ENTRY) addEntryKey(state, sessionEntry);
    hash.endContent();
  };
  /** The contents of rows that say the same as the row under way, but perhaps whether it is the primary role. */
  const contentsAlike = (code: RecordCode, sessionEntry: number): Int32Array[] =>
    PRIMARY.map((primary) => {
      hashContent(code, sessionEntry, primary);
      return hash.content.slice();
    });
  /**
   * Which of the roles alike the row is, from 0: the one that says the same already, else the next that no row has; what a bad row keeps is left
   * alone, where it may be another one's. AGAIN: the roster has it already; FULL: it has too many.
   */
  const numberOf = (
    code: RecordCode,
    name: RoleName,
    sessionEntry: number,
    ...ends: [number, number]
  ): number => {
    let unmet = -1;
    let kept = -1;
    let free = -1;
    // Of roles that are all new none has ended.
    const mostFree = several && delta.before(code) > 0 ? FREE_NUMBERS : 0;
    // Hashed once, however many roles alike there are.
    let alike: Int32Array[] | null = null;
    let isHashed = false;
    for (let number = 0, unknown = 0; number < MOST_ALIKE && unknown <= mostFree; number += 1) {
      hashKey(name, number, ...ends);
      const met = delta.stateOf(hash.key);
      if (met === 'unknown') {
        if (free === -1) free = number;
        unknown += 1;
        continue;
      }
      unknown = 0;
      if (met === 'seen') {
        alike ??= several ? contentsAlike(code, sessionEntry) : null;
        if (alike?.some((content) => delta.holds(hash.key, content)) !== false) return AGAIN;
        continue;
      }
      if (!isHashed) {
        hashContent(code, sessionEntry);
        ownContent.set(hash.content);
        isHashed = true;
      }
      if (!several || delta.holds(hash.key, ownContent)) return number;
      if (met === 'unmet' && unmet === -1) unmet = number;
      if (met === 'kept' && kept === -1) kept = number;
    }
    if (unmet !== -1) return unmet;
    if (free === -1) return FULL;
    return free === 1 && kept === 0 ? 0 : free;
  };

  const keep = (name: RoleName | undefined): boolean => {
    if (name === undefined || isEmpty(file.row, school)) return false;
    let known = false;
    for (let number = 0, unknown = 0; unknown <= FREE_NUMBERS; number += 1) {
      hashKey(name, number);
      const isKnown = delta.keep(hash.key);
      known ||= isKnown;
      unknown = isKnown ? 0 : unknown + 1;
    }
    return known;
  };

  /** The row under way waits, and is another role than before: in another org, of another kind. Those of before would end without it. */
  const spareRolesOfBefore = (code: RecordCode): void => {
    for (const { to, code: codeOfRole } of Object.values(shapes)) {
      hash.beginKey(to.code);
      addField(hash, file.row, person);
      hash.endKey();
      if (delta.knewBefore(hash.key)) state.spared.add(code).add(codeOfRole);
    }
  };

  return {
    keep,
    judge() {
      judgeReference(state, file, school, toOrg);
      file.checkRange(startDate, endDate, 'The role');
      findSession();
    },
    nameOf() {
      if (isEmpty(file.row, role)) return undefined;
      return names.of(file.row, role);
    },
    take(name) {
      const { row } = file;
      if (name.role === 'other' && isNobody()) return 'fine';
      // What the person was here before may be what is called otherwise now.
      if (name.undecided) for (const before of ['student', 'teacher'] as const) keep(plainName(before));
      const { to, code } = shapeOf(name);
      const personIndex = findField(to.table, row, person);
      const orgIndex = findField(orgs, row, school);
      if (goesWithWithdrawn(state, file, [person, to.table, personIndex], [school, orgs, orgIndex]))
        return 'waits';
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
      file.checkRange(startDate, endDate, 'The role');
      const sessionEntry = findSession();
      if (ofPerson !== 'present' || ofOrg !== 'present') {
        if (!keep(name)) spareRolesOfBefore(code);
        return 'waits';
      }
      const number = numberOf(code, name, sessionEntry, personIndex, orgIndex);
      if (number === AGAIN) return 'again';
      if (number === FULL) return 'full';
      hashContent(code, sessionEntry);
      hashKey(name, number, personIndex, orgIndex);
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
  const roles = takeRoles(state, file, person, true);
  const usersFile = state.fileOf('student');
  const people = [
    { table: state.students, code: RECORD_CODES.student, file: usersFile },
    { table: state.teachers, code: RECORD_CODES.teacher, file: usersFile },
    { table: state.roleless, code: RECORD_CODES.student, file: usersFile },
  ];
  return {
    salvage: () => false,
    take(row) {
      file.checkValues();
      const name = roles.nameOf();
      if (file.bad) {
        judgeReference(state, file, person, ...people);
        roles.judge();
        if (isEmpty(row, person) || !roles.keep(name)) spareFile(state, file);
        return;
      }
      const outcome = name === undefined ? 'fine' : roles.take(name);
      if (outcome === 'again')
        file.report(
          'ROW_DUPLICATE',
          undefined,
          'The person has this role in the org already, in the same session with the same dates; the first row counts.',
        );
      else if (outcome === 'full')
        file.report(
          'ID_DUPLICATE',
          person,
          `Of one person ${MOST_ALIKE} roles of one name in one org are taken; this one is left out.`,
        );
    },
  };
}

/** Whose roles they are, and as what they are counted. */
interface RoleShape {
  readonly code: RecordCode;
  readonly to: { readonly table: IdTable; readonly code: RecordCode; readonly file: FileName };
}

function openRole(state: RosterState, as: PersonRole): RoleShape {
  return {
    code: RECORD_CODES[as === 'student' ? 'studentRole' : 'teacherRole'],
    to: {
      table: as === 'student' ? state.students : state.teachers,
      code: RECORD_CODES[as],
      file: state.fileOf(as),
    },
  };
}
