import { RECORD_CODES } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';

import { NO_ENTRY } from '../staged-item.ts';
import { isPlainUserName, maxLocalLength, toUserPrincipalName } from './directory-names.ts';
import type { CsvRow } from './csv-reader.ts';
import { DROPPED, PRESENT } from './id-table.ts';
import { NOBODY } from './person-details.ts';
import type { RosterFile } from './roster-file.ts';
import {
  addAttributes,
  addField,
  addFieldTo,
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

const SHORT_NAME_BYTES = 512;

/**
 * student.csv or teacher.csv: a row is a person and a role in a school. A person in several schools has a row for each;
 * the first row describes the person.
 */
export function readPeople(state: RosterState, file: RosterFile, role: 'student' | 'teacher'): RowReader {
  const { hash, delta, orgs, mapping } = state;
  const people = role === 'student' ? state.students : state.teachers;
  const PERSON = RECORD_CODES[role];
  const ROLE = RECORD_CODES[role === 'student' ? 'studentRole' : 'teacherRole'];
  const schoolFile = state.fileOf('org');
  const id = must(file.column('id', 'key'));
  const school = must(file.column('school', 'reference'));
  const username = must(file.column('username'));
  const password = file.column('password');
  const grade = file.column('grade');
  const attributes = file.header.columns.filter(({ part }) => part === 'record');
  const { identity } = mapping;
  const domain = identity.mode === 'create' ? identity.domains[role] : null;
  const maxLength = domain === null ? 0 : maxLocalLength(domain);
  const suffix = domain === null ? null : Buffer.from(`@${domain.toLowerCase()}`);
  const usernames = state.newTable(people.states.length);
  const lowerCase = Buffer.alloc(SHORT_NAME_BYTES);
  const grades = state.newTable();
  const roleContent = new Int32Array(2);
  const details = role === 'student' ? state.details : null;
  const reportContact = openContactReport(file);

  const hashKey = (): void => {
    hash.beginKey(PERSON);
    addField(hash, file.row, id);
    hash.endKey();
  };
  const hashRoleKey = membershipKeys(
    state,
    ROLE,
    { table: people, code: PERSON, column: id },
    { table: orgs, code: RECORD_CODES.org, column: school },
  );
  /**
   * The last good state of the person stays, and the role with it. A role in another school than before, or in one that
   * cannot be read: no role of the kind is ended, since the key does not tell whose it is.
   */
  const drop = (): boolean => {
    const { row } = file;
    const index = addFieldTo(people, row, id);
    if (people.states[index] !== PRESENT) people.states[index] = DROPPED;
    hashKey();
    if (!delta.keep(hash.key)) return false;
    if (delta.isNew(delta.entry)) return true;
    let roleKnown = false;
    if (!isEmpty(row, school)) {
      hashRoleKey(row, -1, -1);
      roleKnown = delta.keep(hash.key);
    }
    if (!roleKnown) state.spared.add(ROLE);
    return true;
  };

  const checkUsername = (): void => {
    const { bytes, starts, ends } = file.row;
    const start = starts[username.position] as number;
    const end = ends[username.position] as number;
    if (identity.mode !== 'create' || start === end) return;
    if (domain !== null && isPlainUserName(bytes, start, end, maxLength)) return;
    if (userPrincipalName() !== null) return;
    const text = file.text(username);
    file.fail(
      'USERNAME_INVALID',
      username,
      domain === null && !text.includes('@')
        ? `The user name has no domain, and the profile has none for ${role}s.`
        : 'The user name holds characters that a user principal name does not take, or is too long.',
    );
  };
  const userPrincipalName = (): string | null =>
    toUserPrincipalName(file.text(username), domain, mapping.replaceSpecialCharacters);

  /** Two people with one user name: which of them gets it is decided in the database. */
  const checkRepeatedUsername = (person: number): void => {
    const { bytes, starts, ends } = file.row;
    const start = starts[username.position] as number;
    const length = (ends[username.position] as number) - start;
    if (length === 0 || length > SHORT_NAME_BYTES) return;
    for (let i = 0; i < length; i += 1) {
      const byte = bytes[start + i] as number;
      lowerCase[i] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    }
    // With the domain of the profile it is the same name as without.
    const own = suffix === null ? -1 : length - suffix.length;
    const end = own > 0 && suffix?.compare(lowerCase, own, length) === 0 ? own : length;
    const index = usernames.add(lowerCase, 0, end);
    if (usernames.parents[index] === -1) usernames.parents[index] = person;
    else if (usernames.parents[index] !== person) {
      const other = usernames.parents[index] as number;
      file.report(
        'USERNAME_DUPLICATE',
        username,
        () => `${role} ${people.text(other)} has this user name too.`,
      );
    }
  };

  const personRecord = (described: number, incomplete: boolean): Record<string, unknown> => {
    const record = { ...file.record('record'), ...details?.recordOf(described, incomplete) };
    if (identity.mode === 'create') return { ...record, userPrincipalName: userPrincipalName() };
    return { ...record, matchValue: matchValue() };
  };
  const matchValue = (): string => {
    const { matchPosition } = file.header;
    const option = identity.mode === 'match' ? identity.options[role] : undefined;
    if (matchPosition === -1 || option === undefined) return '';
    const { bytes, starts, ends } = file.row;
    const value = bytes.toString('utf8', starts[matchPosition], ends[matchPosition]);
    return value === '' || option.targetDomain === null || value.includes('@')
      ? value
      : `${value}@${option.targetDomain}`;
  };
  const sealedPassword = (): Buffer | null => {
    const text = file.text(password);
    return text === '' ? null : state.sealPassword(text);
  };

  /** What is said of the person in all files. `incomplete`: not all of it could be read. */
  const hashContent = (described: number, incomplete: boolean): void => {
    const { row } = file;
    hash.beginContent(PERSON);
    addAttributes(hash, file, attributes);
    const { matchPosition } = file.header;
    if (matchPosition !== -1)
      hash.addBytes(row.bytes, row.starts[matchPosition] as number, row.ends[matchPosition] as number);
    details?.hashInto(hash, described, incomplete);
    hash.endContent();
  };

  /** @returns a repeated person whose attributes differ. */
  const takePerson = (index: number): 'differs' | 'fine' => {
    const { row } = file;
    const described = details?.find(row, id.position) ?? NOBODY;
    hashContent(described, false);
    hashKey();
    // Of whom nothing was said before nothing can be lost; and what is the same as before is all there was.
    const incomplete =
      details?.isIncomplete(described) === true &&
      delta.isDescribed(hash.key) &&
      !delta.holds(hash.key, hash.content);
    if (incomplete) hashContent(described, true);
    if (people.states[index] === PRESENT)
      return delta.hasContent(people.entries[index] as number, hash.content) ? 'fine' : 'differs';
    const sighting = delta.see(PERSON, hash.key, hash.content);
    if (details !== null) delta.describe(delta.entry, incomplete || details.has(described));
    if (details !== null && incomplete) details.kept += 1;
    people.states[index] = PRESENT;
    people.entries[index] = delta.entry;
    checkRepeatedUsername(index);
    if (sighting !== 'new' && sighting !== 'changed') return 'fine';
    delta.emit(sighting, PERSON, delta.entry, {
      sourceId: file.text(id),
      schoolId: file.text(school),
      objectId: sighting === 'new' ? state.newId() : null,
      after: JSON.stringify(personRecord(described, incomplete)),
      secret: sighting === 'new' ? sealedPassword() : null,
      file: file.definition.name,
      line: row.line,
    });
    return 'fine';
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
      const schoolId = file.text(school);
      delta.emit(sighting, ROLE, delta.entry, {
        sourceId: `${schoolId}/${file.text(id)}`,
        schoolId,
        firstEntry: people.entries[index] as number,
        secondEntry: schoolIndex === -1 ? NO_ENTRY : (orgs.entries[schoolIndex] as number),
        after: JSON.stringify(grade === undefined ? { role } : { role, grade: file.text(grade) || null }),
        file: file.definition.name,
        line: row.line,
      });
    }
    return sighting === 'again';
  };

  return {
    salvage: (row) => !isEmpty(row, id) && (drop() || isReliable(row, id)),
    take(row) {
      file.checkValues();
      checkUsername();
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
      const index = addFieldTo(people, row, id);
      const person = takePerson(index);
      if (reference === 'dropped') {
        file.report('REFERENCE_DROPPED', school, messageOfDropped(school, schoolFile));
        hashRoleKey(row, -1, -1);
        delta.keep(hash.key);
        return;
      }
      const again = takeRole(index, schoolIndex);
      if (person === 'differs')
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
