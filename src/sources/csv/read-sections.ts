import { anchoredId } from '#core/roster/class-anchor.ts';
import { RECORD_CODES, type RecordCode } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';

import { NO_ENTRY } from '../staged-item.ts';
import type { BoundColumn } from './bind-header.ts';
import { classNickname, hashClassKey, sessionIdReader } from './class-anchor.ts';
import { isNickname, MAX_SECTION_ID_LENGTH } from './directory-names.ts';
import { DROPPED, type IdTable, PRESENT, UNKNOWN, WITHDRAWN } from './id-table.ts';
import { optionalReference } from './optional-reference.ts';
import { readSectionTeachers } from './read-section-teachers.ts';
import type { RecordHash } from './record-hash.ts';
import { countCharacters, type RosterFile } from './roster-file.ts';
import {
  addAttributes,
  addEntryKey,
  addField,
  addFieldTo,
  findField,
  forEachPart,
  isEmpty,
  isReliable,
  lookUp,
  messageOfDropped,
  messageOfMissing,
  reportRepeated,
  type RosterState,
  type RowReader,
  spareClasses,
  spareFile,
  withdrawFrom,
} from './roster-state.ts';

const { class: CLASS, org: ORG, academicSession: SESSION, course: COURSE } = RECORD_CODES;

/** A row is a class, and names its academic session and its course (the first row that names one describes it), and in some formats its teachers. */
export function readSections(state: RosterState, file: RosterFile): RowReader {
  const { hash, delta, classes, orgs, mapping, anchoredIds } = state;
  const schoolFile = state.fileOf('org');
  const id = must(file.column('id', 'key'));
  const school = must(file.column('school', 'reference'));
  const attributes = file.header.columns.filter(({ part }) => part === 'record');
  const readSession = sharedRecord(state, file, 'session', SESSION, state.sessions, ['id', 'displayName']);
  const readCourse = sharedRecord(state, file, 'course', COURSE, state.courses, [
    'id',
    'courseNumber',
    'displayName',
  ]);
  const findCourse = optionalReference(state, file, file.column('course', 'reference'), 'course');
  const findSessions = sessionsOf(state, file);
  const sectionTeachers = readSectionTeachers(state, file, id);
  const name = file.column('displayName', 'record');
  const courseName = file.column('displayName', 'course');
  const startDate = file.column('startDate', 'session');
  const endDate = file.column('endDate', 'session');

  const readSessionId = anchoredIds === null ? null : sessionIdReader(state, file);
  /** Of the row under way: the id of the session that tells its class apart; '' for none. */
  let sessionId = '';

  const hashKey = (): void => {
    if (sessionId !== '') {
      hashClassKey(hash, anchoredId(file.text(id), sessionId));
      return;
    }
    hash.beginKey(CLASS);
    addField(hash, file.row, id);
    hash.endKey();
  };
  const drop = (): boolean => {
    sectionTeachers.spare();
    const index = addFieldTo(classes, file.row, id);
    if (classes.states[index] === PRESENT) return true;
    classes.states[index] = DROPPED;
    hashKey();
    const known = delta.keep(hash.key);
    if (known) classes.entries[index] = delta.entry;
    // It may be the class of any session.
    else if (anchoredIds !== null && sessionId === '') spareClasses(state);
    return known;
  };
  /** The school is withdrawn by its own row: so is the class, unless another row has it in a school that is there. */
  const goWithSchool = (schoolIndex: number): void => {
    const index = addFieldTo(classes, file.row, id);
    file.goesWithOrg(orgs.text(schoolIndex));
    if (classes.states[index] !== UNKNOWN) return;
    classes.states[index] = WITHDRAWN;
    classes.parents[index] = schoolIndex;
  };
  /** In a broken row values have moved: its session is not to be trusted. */
  const salvageAnchored = (): boolean => {
    sessionId = '';
    drop();
    return false;
  };

  /** The id becomes the mail nickname. */
  const checkId = (): void => {
    const { bytes, starts, ends } = file.row;
    const start = starts[id.position] as number;
    const end = ends[id.position] as number;
    if (end - start > MAX_SECTION_ID_LENGTH) {
      const length = countCharacters(file.text(id));
      if (length > MAX_SECTION_ID_LENGTH) {
        file.fail(
          'ID_INVALID',
          id,
          `The section id has ${length} characters; at most ${MAX_SECTION_ID_LENGTH} fit.`,
        );
        return;
      }
    }
    if (isNickname(bytes, start, end)) return;
    const text = file.text(id);
    if (/\s/.test(text)) file.fail('ID_INVALID', id, 'The section id holds a blank.');
    else if (!mapping.replaceSpecialCharacters)
      file.fail('ID_INVALID', id, 'The section id holds a character that a mail nickname does not take.');
  };

  return {
    expect: (rows) => classes.reserve(rows),
    salvage: (row) =>
      !isEmpty(row, id) && (anchoredIds === null ? drop() || isReliable(row, id) : salvageAnchored()),
    withdraw: (row) => withdrawFrom(classes, row, id),
    take(row) {
      file.checkValues();
      file.checkRange(startDate, endDate, 'The term');
      if (!isEmpty(row, id)) checkId();
      if (readSessionId !== null) sessionId = readSessionId();
      const schoolIndex = findField(orgs, row, school);
      if (!file.bad && schoolIndex !== -1 && orgs.states[schoolIndex] === WITHDRAWN) {
        goWithSchool(schoolIndex);
        return;
      }
      const reference = isEmpty(row, school)
        ? 'unchecked'
        : lookUp(state, { table: orgs, code: ORG, file: schoolFile }, schoolIndex, row, school);
      if (reference === 'missing')
        file.fail('REFERENCE_NOT_FOUND', school, () =>
          messageOfMissing(school, file.text(school), schoolFile),
        );
      // Also of a row that is bad: each value is judged by itself.
      const sessions = findSessions();
      const referredCourse = findCourse();
      if (file.bad) {
        sectionTeachers.judge();
        if (isEmpty(row, id)) spareFile(state, file);
        else drop();
        return;
      }
      const sessionEntry = sessions.entry === NO_ENTRY ? readSession() : sessions.entry;
      const courseEntry = referredCourse === NO_ENTRY ? readCourse() : referredCourse;
      if (reference === 'dropped') {
        file.report('REFERENCE_DROPPED', school, messageOfDropped(school, schoolFile));
        sectionTeachers.judge();
        drop();
        return;
      }
      const index = addFieldTo(classes, row, id);
      const wasPresent = classes.states[index] === PRESENT;
      hash.beginContent(CLASS);
      addAttributes(hash, file, attributes);
      addField(hash, row, school);
      // A class without a name has that of its course.
      if (isEmpty(row, name) && courseName !== undefined) addField(hash, row, courseName);
      addEntryKey(state, sessionEntry);
      addEntryKey(state, courseEntry);
      if (sessions.others !== '') addBytesOf(hash, sessions.others);
      // A class that is told apart by its session for the first time gets another nickname.
      if (sessionId !== '') addBytesOf(hash, sessionId);
      hash.endContent();
      if (wasPresent) {
        reportRepeated(file, delta.hasContent(classes.entries[index] as number, hash.content));
        sectionTeachers.place(index);
        return;
      }
      hashKey();
      const sighting = delta.see(CLASS, hash.key, hash.content);
      classes.states[index] = PRESENT;
      classes.entries[index] = delta.entry;
      classes.parents[index] = schoolIndex;
      const { entry } = delta;
      const ownId = file.text(id);
      const sourceId = anchoredId(ownId, sessionId);
      if (sessionId !== '') anchoredIds?.set(index, sourceId);
      sectionTeachers.place(index);
      if (sighting === 'again')
        file.report('ID_DUPLICATE', id, `Another section is the class ${sourceId}, too; that one counts.`);
      if (sighting !== 'new' && sighting !== 'changed') return;
      const record = file.record('record');
      const displayName = record['displayName'] ?? (file.text(courseName) || record['classCode'] || ownId);
      delta.emit(sighting, CLASS, entry, {
        sourceId,
        schoolId: file.text(school),
        firstEntry: schoolIndex === -1 ? NO_ENTRY : (orgs.entries[schoolIndex] as number),
        secondEntry: courseEntry,
        thirdEntry: sessionEntry,
        objectId: sighting === 'new' ? state.newId() : null,
        after: JSON.stringify({
          ...record,
          ...(sessions.others === '' ? {} : { otherSessions: sessions.others }),
          displayName,
          mailNickname: classNickname(ownId, sessionId, mapping.replaceSpecialCharacters),
        }),
        file: file.definition.name,
        line: row.line,
      });
    },
  };
}

function addBytesOf(hash: RecordHash, text: string): void {
  const bytes = Buffer.from(text);
  hash.addBytes(bytes, 0, bytes.length);
}

/**
 * The academic sessions that a class names in one column, separated by commas: the first is that of the class, the ids of all others are kept
 * beside it. @returns a function that reads those of the row under way.
 */
function sessionsOf(
  state: RosterState,
  file: RosterFile,
): () => { readonly entry: number; readonly others: string } {
  const column = file.column('sessions', 'reference');
  if (column === undefined) return () => NO_SESSIONS;
  const find = optionalReference(state, file, column, 'academicSession');
  return () => {
    const others: string[] = [];
    let entry = NO_ENTRY;
    forEachPart(file, column, () => {
      const found = find();
      if (found === NO_ENTRY) return;
      if (entry === NO_ENTRY) entry = found;
      else others.push(file.text(column));
    });
    return { entry, others: others.join(',') };
  };
}

const NO_SESSIONS = { entry: NO_ENTRY, others: '' };

/**
 * Sessions and courses are described by the sections that name them. Their id is the first of the given columns that is
 * filled in. @returns a function that reads the one the row under way names, and answers its entry.
 */
function sharedRecord(
  state: RosterState,
  file: RosterFile,
  part: 'session' | 'course',
  code: RecordCode,
  table: IdTable,
  idProperties: readonly string[],
): () => number {
  const { hash, delta } = state;
  const columns = file.header.columns.filter((column) => column.part === part);
  const idColumns = idProperties
    .map((property) => file.column(property, part))
    .filter((column): column is BoundColumn => column !== undefined);
  const reported = new Set<number>();
  return () => {
    const id = idColumns.find((column) => !isEmpty(file.row, column));
    if (id === undefined) return NO_ENTRY;
    hash.beginContent(code);
    addAttributes(hash, file, columns);
    hash.endContent();
    const index = addFieldTo(table, file.row, id);
    if (table.states[index] === PRESENT) {
      const known = table.entries[index] as number;
      if (!delta.hasContent(known, hash.content) && !reported.has(known)) {
        reported.add(known);
        file.report(
          'ID_DUPLICATE',
          id,
          `Other sections describe this ${part} otherwise; the first row counts.`,
        );
      }
      return known;
    }
    hash.beginKey(code);
    addField(hash, file.row, id);
    hash.endKey();
    const sighting = delta.see(code, hash.key, hash.content);
    const { entry } = delta;
    table.states[index] = PRESENT;
    table.entries[index] = entry;
    if (sighting === 'new' || sighting === 'changed') {
      const sourceId = file.text(id);
      const { id: _, ...record } = file.record(part);
      const displayName = record['displayName'] ?? record['courseNumber'] ?? sourceId;
      delta.emit(sighting, code, entry, {
        sourceId,
        objectId: sighting === 'new' ? state.newId() : null,
        after: JSON.stringify({ ...record, displayName }),
        file: file.definition.name,
        line: file.row.line,
      });
    }
    return entry;
  };
}
