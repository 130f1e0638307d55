import { RECORD_CODES } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';

import { NO_ENTRY } from '../staged-item.ts';
import type { CsvRow } from './csv-reader.ts';
import { PRESENT } from './id-table.ts';
import type { RosterFile } from './roster-file.ts';
import {
  addField,
  endKeys,
  findField,
  isEmpty,
  isReliable,
  lookUp,
  membershipKeys,
  messageOfDropped,
  messageOfMissing,
  type RosterState,
  type RowReader,
  spareFile,
} from './roster-state.ts';
import { openContactReport } from './scan-contacts.ts';
import { PERSON_KEY_AT, takePeople } from './take-people.ts';
import { readRecord, RECORD_DIGEST_WORDS, type RowDigest, writeRecord } from './threads/row-digest.ts';

/**
 * student.csv or teacher.csv: a row is a person and a role in a school. A person in several schools has a row for each;
 * the first row describes the person.
 */
export function readPeople(state: RosterState, file: RosterFile, role: 'student' | 'teacher'): RowReader {
  const { hash, delta, orgs } = state;
  const people = takePeople(state, file, role);
  const { table } = people;
  const ROLE = RECORD_CODES[role === 'student' ? 'studentRole' : 'teacherRole'];
  const schoolFile = state.fileOf('org');
  const id = must(file.column('id', 'key'));
  const school = must(file.column('school', 'reference'));
  const grade = file.column('grade');
  const reportContact = openContactReport(file);
  const grades = state.newTable();
  const roleContent = new Int32Array(2);
  const ofPerson = { table, code: RECORD_CODES[role], column: id };
  const ofSchool = { table: orgs, code: RECORD_CODES.org, column: school };
  const hashRoleKey = membershipKeys(state, ROLE, ofPerson, ofSchool);
  const schoolKey = endKeys(state, ofSchool);
  const schoolId = (): string => file.text(school);

  /**
   * The last good state of the person stays, and the role with it. A role in another school than before, or in one that
   * cannot be read: no role of the kind is ended, since the key does not tell whose it is.
   */
  const drop = (): boolean => {
    const { row } = file;
    const kept = people.keep();
    if (kept !== 'before') return kept === 'now';
    let roleKnown = false;
    if (!isEmpty(row, school)) {
      hashRoleKey(row, -1, -1);
      roleKnown = delta.keep(hash.key);
    }
    if (!roleKnown) state.spared.add(ROLE);
    return true;
  };

  /** There are few grades: the hash of each is made once, and kept as the two numbers of its place in a table. */
  const hashRoleContent = (row: CsvRow): void => {
    const column = grade ?? id;
    const start = row.starts[column.position] as number;
    const end = grade === undefined ? start : (row.ends[column.position] as number);
    const known = grades.find(row.bytes, start, end);
    if (known !== -1) {
      roleContent[0] = grades.entries[known] as number;
      roleContent[1] = grades.parents[known] as number;
      return;
    }
    hash.beginPlainContent(ROLE);
    if (grade !== undefined) addField(hash, row, grade);
    hash.endContent();
    roleContent.set(hash.content);
    const added = grades.add(row.bytes, start, end);
    grades.entries[added] = roleContent[0] as number;
    grades.parents[added] = roleContent[1] as number;
  };

  /** @returns whether this school had the person before. */
  const takeRole = (index: number, schoolIndex: number): boolean => {
    const { row } = file;
    hashRoleContent(row);
    hashRoleKey(row, index, schoolIndex);
    const sighting = delta.see(ROLE, hash.key, roleContent);
    if (sighting === 'new' || sighting === 'changed') {
      delta.emit(sighting, ROLE, delta.entry, {
        sourceId: `${schoolId()}/${file.text(id)}`,
        schoolId: schoolId(),
        firstEntry: table.entries[index] as number,
        secondEntry: schoolIndex === -1 ? NO_ENTRY : (orgs.entries[schoolIndex] as number),
        after: JSON.stringify(grade === undefined ? { role } : { role, grade: file.text(grade) || null }),
        file: file.definition.name,
        line: row.line,
      });
    }
    return sighting === 'again';
  };

  const personKey = new Int32Array(4);
  const digestKey = new Int32Array(4);
  const digestContent = new Int32Array(2);
  const ROLE_AT = people.digest.words;
  const digest: RowDigest = {
    words: ROLE_AT + RECORD_DIGEST_WORDS,
    make(into, at) {
      const { row } = file;
      const { bytes } = row;
      file.checkValues();
      people.check();
      reportContact();
      const schoolIndex = findField(orgs, row, school);
      if (schoolIndex === -1 || orgs.states[schoolIndex] !== PRESENT) return false;
      // A value found no room where it was.
      if (row.bytes !== bytes) return false;
      people.digest.make(into, at);
      hashRoleContent(row);
      for (let i = 0; i < 4; i += 1) personKey[i] = into[at + PERSON_KEY_AT + i] as number;
      hash.joinKeys(ROLE, personKey, schoolKey(row, schoolIndex));
      writeRecord(into, at + ROLE_AT, ROLE, hash.key, roleContent);
      return true;
    },
    take(words, at, bytes) {
      const person = people.digest.find(words, at, bytes);
      if (person === -1) return false;
      readRecord(words, at + ROLE_AT, digestKey, digestContent);
      const entry = delta.findSame(digestKey, digestContent);
      if (entry === -1) return false;
      people.digest.take(words, at, bytes, person);
      delta.seeSame(entry, ROLE);
      return true;
    },
  };

  return {
    expect: (rows) => people.expect(rows),
    digest,
    salvage: (row) => !isEmpty(row, id) && (drop() || isReliable(row, id)),
    take(row) {
      file.checkValues();
      people.check();
      reportContact();
      const schoolIndex = findField(orgs, row, school);
      const reference = isEmpty(row, school)
        ? 'unchecked'
        : lookUp(state, { table: orgs, code: RECORD_CODES.org, file: schoolFile }, schoolIndex, row, school);
      if (reference === 'missing')
        file.fail('REFERENCE_NOT_FOUND', school, () =>
          messageOfMissing(school, file.text(school), schoolFile),
        );
      if (file.bad) {
        if (isEmpty(row, id)) spareFile(state, file);
        else drop();
        return;
      }
      const index = people.take(schoolId);
      const { differs } = people;
      if (reference === 'dropped') {
        file.report('REFERENCE_DROPPED', school, messageOfDropped(school, schoolFile));
        hashRoleKey(row, -1, -1);
        // A role in another school than before would end without the new one.
        if (!delta.keep(hash.key) && !delta.isNew(table.entries[index] as number)) state.spared.add(ROLE);
        return;
      }
      const again = takeRole(index, schoolIndex);
      if (differs)
        file.report(
          'ID_DUPLICATE',
          id,
          `This ${role} was there before, with other values; the first row counts.`,
        );
      else if (again && !file.definition.repeats)
        file.report('ID_DUPLICATE', id, `This ${role} was there before, in the same school.`);
    },
  };
}
