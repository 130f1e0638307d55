import { RECORD_CODES, type RecordCode } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';

import { NO_ENTRY } from '../staged-item.ts';
import type { BoundColumn, PersonRole } from './bind-header.ts';
import { type IdTable, PRESENT } from './id-table.ts';
import { membershipRecord, plainName, type RoleName, RoleNames } from './role-names.ts';
import type { RosterFile } from './roster-file.ts';
import {
  addAttributes,
  findField,
  goesWithWithdrawn,
  isEmpty,
  isPresent,
  judgeReference,
  lookUp,
  messageOfDropped,
  membershipKeys,
  messageOfMissing,
  type Reference,
  type RosterState,
  type RowReader,
  spareFile,
} from './roster-state.ts';
import { readRecord, RECORD_DIGEST_WORDS, type RowDigest, writeRecord } from './threads/row-digest.ts';

/** A row of a file whose places are all of one role says nothing of it. */
const UNNAMED: Readonly<Record<PersonRole, RoleName>> = {
  student: plainName('student'),
  teacher: plainName('teacher'),
};

/**
 * studentenrollment.csv, teacherroster.csv or enrollments.csv: a row is a person's place in a class. `only`: all are of that role; null: a
 * column says which.
 */
export function readEnrollments(state: RosterState, file: RosterFile, only: PersonRole | null): RowReader {
  const { hash, delta, classes, orgs, anchoredIds } = state;
  const section = must(file.column('section', 'reference'));
  const person = must(file.column('person', 'reference'));
  const roleColumn = only === null ? must(file.column('role', 'role')) : undefined;
  const attributes = file.header.columns.filter(
    ({ part, property }) => part === 'role' && property !== 'role',
  );
  const beginDate = file.column('beginDate', 'role');
  const endDate = file.column('endDate', 'role');
  const names = new RoleNames(hash, RECORD_CODES.teacherEnrollment, state);
  const toSection = { table: classes, code: RECORD_CODES.class, file: state.fileOf('class') };
  const own = {
    student: openPlace(state, file, 'student', 'student'),
    teacher: openPlace(state, file, 'teacher', 'teacher'),
  };
  // Who has no role of that group in a school may still have such a place in a class.
  const ofOthers = {
    student: openPlace(state, file, 'student', 'teacher'),
    teacher: openPlace(state, file, 'teacher', 'student'),
  };

  const nameOf = (): RoleName | undefined => {
    if (roleColumn === undefined) return UNNAMED[only ?? 'student'];
    return isEmpty(file.row, roleColumn) ? undefined : names.of(file.row, roleColumn);
  };
  const lookUpIn = ({ to }: Place): Reference =>
    lookUp(state, to, findField(to.table, file.row, person), file.row, person);
  const isIn = (place: Place): boolean => {
    const reference = lookUpIn(place);
    return reference === 'present' || reference === 'dropped';
  };
  const placeOf = (role: PersonRole): Place =>
    state.sharedUserIds && !isIn(own[role]) && isIn(ofOthers[role]) ? ofOthers[role] : own[role];
  const placesOf = (name: RoleName | undefined): Place[] => {
    if (name === undefined || name.role === 'other') return Object.values(own);
    return state.sharedUserIds ? [own[name.role], ofOthers[name.role]] : [own[name.role]];
  };
  /**
   * The last good state stays, whatever the person was when it was written. Without a role that is understood nobody knows which place it
   * is.
   */
  const keep = (name = nameOf()): boolean => {
    if (name === undefined || name.role === 'other') return false;
    let known = false;
    const classIndex = findField(classes, file.row, section);
    for (const place of placesOf(name)) {
      place.hashKey(file.row, classIndex, -1);
      if (name.key !== null) hash.addToKey(name.key);
      known = delta.keep(hash.key) || known;
    }
    return known;
  };
  /** Fills the key. @returns the content. */
  const hashPlace = (place: Place, name: RoleName, classIndex: number, personIndex: number): Int32Array => {
    place.hashKey(file.row, classIndex, personIndex);
    if (name.key !== null) hash.addToKey(name.key);
    if (attributes.length === 0) return place.content;
    hash.beginPlainContent(place.code);
    addAttributes(hash, file, attributes);
    hash.endContent();
    return hash.content;
  };
  const checkRow = (): void => {
    file.checkValues();
    file.checkRange(beginDate, endDate, 'The place in the class');
  };
  const digestKey = new Int32Array(4);
  const digestContent = new Int32Array(2);
  const digest: RowDigest = {
    words: RECORD_DIGEST_WORDS,
    make(into, at) {
      checkRow();
      const name = nameOf();
      if (name === undefined || name.role === 'other') return false;
      const place = own[name.role];
      const { table } = place.to;
      const classIndex = findField(classes, file.row, section);
      const personIndex = findField(table, file.row, person);
      // Who has no such role in a school is looked for elsewhere by whoever takes the row.
      if (classIndex === -1 || classes.states[classIndex] !== PRESENT) return false;
      if (personIndex === -1 || table.states[personIndex] !== PRESENT) return false;
      const content = hashPlace(place, name, classIndex, personIndex);
      writeRecord(into, at, place.code, hash.key, content);
      return true;
    },
    take(words, at) {
      const code = readRecord(words, at, digestKey, digestContent);
      const entry = delta.findSame(digestKey, digestContent);
      if (entry === -1) return false;
      delta.seeSame(entry, code);
      return true;
    },
  };
  const reportReference = (
    reference: Reference,
    column: BoundColumn,
    target: { readonly file: string },
  ): void => {
    if (reference === 'missing')
      file.fail('REFERENCE_NOT_FOUND', column, () =>
        column === person && isPresent(state.roleless, file.row, person)
          ? `The user that ${column.title} names has no role of a student or of staff, and so no place in a class.`
          : messageOfMissing(column, file.text(column), target.file),
      );
    if (reference === 'dropped')
      file.report('REFERENCE_DROPPED', column, messageOfDropped(column, target.file));
  };

  return {
    digest,
    salvage: (row) => !isEmpty(row, section) && !isEmpty(row, person) && keep(),
    take(row) {
      checkRow();
      const name = nameOf();
      if (file.bad || name === undefined) {
        judgeReference(state, file, section, toSection);
        judgeReference(state, file, person, ...placesOf(name).map(({ to }) => to));
        if (isEmpty(row, section) || isEmpty(row, person) || name === undefined) spareFile(state, file);
        else keep();
        return;
      }
      if (name.role === 'other') {
        // What the person was here before may be what is called otherwise now.
        if (name.undecided) for (const role of ['student', 'teacher'] as const) keep(UNNAMED[role]);
        return;
      }
      const place = placeOf(name.role);
      const classIndex = findField(classes, row, section);
      const personIndex = findField(place.to.table, row, person);
      const ends = [
        [section, classes, classIndex],
        [person, place.to.table, personIndex],
      ] as const;
      if (goesWithWithdrawn(state, file, ...ends)) return;
      const ofSection = lookUp(state, toSection, classIndex, row, section);
      const ofPerson = lookUpIn(place);
      if (ofSection !== 'present' || ofPerson !== 'present') {
        reportReference(ofSection, section, toSection);
        reportReference(ofPerson, person, place.to);
        keep();
        return;
      }
      const content = hashPlace(place, name, classIndex, personIndex);
      const sighting = delta.see(place.code, hash.key, content);
      if (sighting === 'again') {
        file.report(
          'ROW_DUPLICATE',
          undefined,
          delta.hasContent(delta.entry, content)
            ? 'The row is there twice; the second one is ignored.'
            : 'The person has this place in the class already, with other values; the first row counts.',
        );
        return;
      }
      if (sighting === 'same') return;
      const schoolIndex = classes.parents[classIndex] as number;
      delta.emit(sighting, place.code, delta.entry, {
        sourceId: `${anchoredIds?.get(classIndex) ?? file.text(section)}/${file.text(person)}`,
        schoolId: schoolIndex === NO_ENTRY ? null : orgs.text(schoolIndex),
        firstEntry: classes.entries[classIndex] as number,
        secondEntry: place.to.table.entries[personIndex] as number,
        after:
          name.name === null && attributes.length === 0
            ? place.after
            : JSON.stringify(membershipRecord(file, name)),
        file: file.definition.name,
        line: row.line,
      });
    },
  };
}

/** Places in classes as `role`, of people who are in the roster as `as`. */
interface Place {
  readonly code: RecordCode;
  readonly to: { readonly table: IdTable; readonly code: RecordCode; readonly file: string };
  readonly hashKey: ReturnType<typeof membershipKeys>;
  /** Of a place of which nothing else is said: the key says it all. */
  readonly content: Int32Array;
  readonly after: string;
}

function openPlace(state: RosterState, file: RosterFile, role: PersonRole, as: PersonRole): Place {
  const { hash, classes } = state;
  const code = RECORD_CODES[role === 'student' ? 'studentEnrollment' : 'teacherEnrollment'];
  const to = {
    table: as === 'student' ? state.students : state.teachers,
    code: RECORD_CODES[as],
    file: state.fileOf(as),
  };
  hash.beginPlainContent(code);
  hash.endContent();
  return {
    code,
    to,
    hashKey: membershipKeys(
      state,
      code,
      { table: classes, code: RECORD_CODES.class, column: must(file.column('section', 'reference')) },
      { table: to.table, code: to.code, column: must(file.column('person', 'reference')) },
    ),
    content: hash.content.slice(),
    after: JSON.stringify({ role }),
  };
}
