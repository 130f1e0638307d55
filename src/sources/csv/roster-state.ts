import { RECORD_CODES, type RecordCode, type RecordName } from '#core/roster/record-codes.ts';

import type { MappingSettings } from '../contract.ts';
import type { RosterDelta } from '../roster-delta.ts';
import { NO_ENTRY } from '../staged-item.ts';
import { type CsvRow, holdsHighControl } from './csv-reader.ts';
import { DROPPED, type IdTable, PRESENT, UNKNOWN, WITHDRAWN } from './id-table.ts';
import { DETAIL_GROUPS, type PersonDetails } from './person-details.ts';
import type { RecordHash } from './record-hash.ts';
import type { BoundColumn } from './bind-header.ts';
import type { RosterFile } from './roster-file.ts';
import type { UserRoles } from './user-roles.ts';
import type { FileName } from './format.ts';
import type { RowDigest } from './threads/row-digest.ts';
import type { DigestContext } from './threads/digest-threads.ts';

/** What the files of one roster share while they are read. */
export interface RosterState {
  readonly mapping: MappingSettings;
  /** The file that is the main source of a kind of record, in the format that is read. */
  fileOf(record: RecordName): FileName;
  readonly hash: RecordHash;
  readonly delta: RosterDelta;
  readonly orgs: IdTable;
  readonly classes: IdTable;
  /** Source ids of classes that are told apart by their session too, by their number in `classes`; null: their ids tell them apart. */
  readonly anchoredIds: Map<number, string> | null;
  readonly students: IdTable;
  readonly teachers: IdTable;
  readonly sessions: IdTable;
  readonly courses: IdTable;
  /** What roles.csv says of people, in formats that have it. */
  readonly userRoles: UserRoles | null;
  /** See core/roster/formats.ts. */
  readonly sharedUserIds: boolean;
  /** What other files say of students; in a format that tells no kinds of users apart, of all. */
  readonly details: PersonDetails;
  /** Who may be a contact, by e-mail address in small letters, or by the id of the user; `entries` has the number of the value in `details`. */
  readonly contacts: IdTable;
  /** Users who have no role: present, and without a record. */
  readonly roleless: IdTable;
  /** A table for the needs of one file; `expected`: how many ids are likely to come. */
  newTable(expected?: number): IdTable;
  /** Records whose absence proves nothing in this run. */
  readonly spared: Set<RecordCode>;
  /** Files with rows whose key could not be read: what they seem not to have may be there. */
  readonly unreadableRows: Set<FileName>;
  /** Files that are missing or unusable: nothing can be said about references into them. */
  readonly unusable: Set<FileName>;
  /** Threads that look at rows beforehand; null: none. */
  readonly digestContext: DigestContext | null;
  /** Ids of new directory objects. */
  newId(): string;
  /** Encrypts an initial password; null: passwords are not kept. */
  sealPassword(password: string): Buffer | null;
}

/** Takes the rows of one file. */
export interface RowReader {
  /** About so many rows are in the file: before the second piece of it is read. Makes room at once. */
  expect?(rows: number): void;
  /** A row with the right number of fields. */
  take(row: CsvRow): void;
  /**
   * A row that is broken: if the key can be read, and is known, the record's last good state stays.
   * @returns false when nobody knows whose row it was.
   */
  salvage(row: CsvRow): boolean;
  /** A row that says that its record is there no more. */
  withdraw?(row: CsvRow): void;
  /** After the last row: takes what was put off. */
  finish?(): void;
  /** What can be found out of its rows beforehand, and how they are taken then. */
  readonly digest?: RowDigest;
}

/** One end of a membership: the field that names it, and the table in which it is. */
export interface MembershipEnd {
  readonly table: IdTable;
  readonly code: RecordCode;
  readonly column: BoundColumn;
}

/**
 * Makes the keys of a file's memberships (roles, enrollments), of the row under way. The number of an end in its table, or -1: its key is
 * that of its record, if it has one, else made from the field.
 */
export function membershipKeys(
  state: RosterState,
  code: RecordCode,
  first: MembershipEnd,
  second: MembershipEnd,
): (row: CsvRow, firstIndex: number, secondIndex: number) => void {
  const firstKey = endKeys(state, first);
  const secondKey = endKeys(state, second);
  return (row, firstIndex, secondIndex) => {
    state.hash.joinKeys(code, firstKey(row, firstIndex), secondKey(row, secondIndex));
  };
}

/** Makes the keys of one end; each is good until the next. */
export function endKeys(
  { hash, delta, classes, anchoredIds }: RosterState,
  { table, code, column }: MembershipEnd,
): (row: CsvRow, index: number) => Int32Array {
  const key = new Int32Array(4);
  /** The entry whose key it is: rows of one class, or school, stand together. */
  let ofEntry = NO_ENTRY;
  // Another key than that of the id alone.
  const isAnchored = table === classes && anchoredIds !== null;
  return (row, index) => {
    const entry = index === -1 ? NO_ENTRY : (table.entries[index] as number);
    if (entry !== NO_ENTRY && entry === ofEntry) return key;
    ofEntry = entry;
    // To hash the id is quicker than to look for the record on a disk.
    if (entry !== NO_ENTRY && (isAnchored || delta.recordsInMemory !== null)) delta.copyKey(entry, key);
    else {
      hash.beginKey(code);
      addField(hash, row, column);
      hash.endKey();
      key.set(hash.key);
    }
    return key;
  };
}

/** Where a reference leads. `unchecked`: the file it leads into is unusable. */
export type Reference = 'present' | 'dropped' | 'missing' | 'unchecked';

/** Looks a reference of the row under way up. A record that may stand in an unreadable row counts as dropped. */
export function lookUp(
  state: RosterState,
  target: { readonly table: IdTable; readonly code: RecordCode; readonly file: FileName },
  index: number,
  row: CsvRow,
  column: BoundColumn,
): Reference {
  const found = index === -1 ? UNKNOWN : (target.table.states[index] as number);
  if (found === PRESENT) return 'present';
  if (found === DROPPED) return 'dropped';
  if (state.unusable.has(target.file)) return 'unchecked';
  if (state.unreadableRows.has(target.file)) {
    // Of the class in an unreadable row nobody knows the session.
    if (target.code === RECORD_CODES.class && state.anchoredIds !== null) return 'dropped';
    state.hash.beginKey(target.code);
    addField(state.hash, row, column);
    state.hash.endKey();
    // Not kept here: nothing of the file ends, and what is absent is counted then.
    if (state.delta.knows(state.hash.key)) return 'dropped';
  }
  return 'missing';
}

/** Notes the record of a row that says that it is there no more, if no other row has it. */
export function withdrawFrom(table: IdTable, row: CsvRow, key: BoundColumn): void {
  if (isEmpty(row, key)) return;
  const index = addFieldTo(table, row, key);
  if (table.states[index] === UNKNOWN) table.states[index] = WITHDRAWN;
}

/**
 * A role or a place in a class goes with a person, org or class that is withdrawn: it is no error that its row is still there. What goes with an
 * org, or with a class of one, is told once, with the org. @returns whether an end of the row under way is withdrawn.
 */
export function goesWithWithdrawn(
  { orgs, classes }: RosterState,
  file: RosterFile,
  ...ends: readonly (readonly [column: BoundColumn, table: IdTable, index: number])[]
): boolean {
  const gone = ends.filter(([, table, index]) => index !== -1 && table.states[index] === WITHDRAWN);
  for (const [column, table, index] of gone) {
    const org = table === orgs ? index : table === classes ? (classes.parents[index] as number) : NO_ENTRY;
    if (org === NO_ENTRY) file.report('ROW_WITHDRAWN', column, messageOfWithdrawn(column.title));
    else file.goesWithOrg(orgs.text(org));
  }
  return gone.length > 0;
}

export function findField(table: IdTable, row: CsvRow, column: BoundColumn): number {
  const { position } = column;
  return table.find(row.bytes, row.starts[position] as number, row.ends[position] as number);
}

/** Whether the record that a field names is there. */
export function isPresent(table: IdTable, row: CsvRow, column: BoundColumn): boolean {
  const index = findField(table, row, column);
  return index !== -1 && table.states[index] === PRESENT;
}

const COMMA = 0x2c;
const BLANK = 0x20;

/** Where the parts of a list are in a row: separated by commas, without blanks around them; empty ones are passed over. */
export function* partsOf(
  { bytes, starts, ends }: CsvRow,
  { position }: BoundColumn,
): Generator<[from: number, to: number]> {
  const end = ends[position] as number;
  for (let from = starts[position] as number, at = from; at <= end; at += 1) {
    if (at < end && bytes[at] !== COMMA) continue;
    let to = at;
    while (from < to && bytes[from] === BLANK) from += 1;
    while (to > from && bytes[to - 1] === BLANK) to -= 1;
    if (to > from) yield [from, to];
    from = at + 1;
  }
}

/** Narrows a column of the row under way to each part of its list in turn. */
export function forEachPart({ row }: RosterFile, column: BoundColumn, take: () => void): void {
  const { starts, ends } = row;
  const { position } = column;
  const [start, end] = [starts[position] as number, ends[position] as number];
  for (const [from, to] of partsOf(row, column)) {
    starts[position] = from;
    ends[position] = to;
    take();
  }
  starts[position] = start;
  ends[position] = end;
}

export function addFieldTo(table: IdTable, row: CsvRow, column: BoundColumn): number {
  const { position } = column;
  return table.add(row.bytes, row.starts[position] as number, row.ends[position] as number);
}

/** Adds the bytes of a field to the hash under way. */
export function addField(hash: RecordHash, row: CsvRow, column: BoundColumn): void {
  const { position } = column;
  hash.addBytes(row.bytes, row.starts[position] as number, row.ends[position] as number);
}

export function isEmpty(row: CsvRow, column: BoundColumn | undefined): boolean {
  if (column === undefined || column.position >= row.count) return true;
  return row.starts[column.position] === row.ends[column.position];
}

/**
 * Adds the attributes of one part of the row: which column, and its value; dates as read, passwords never. What is empty is
 * left out, so that a new column without values changes nothing.
 */
export function addAttributes(hash: RecordHash, file: RosterFile, columns: readonly BoundColumn[]): void {
  const { row } = file;
  for (const column of columns) {
    if (row.starts[column.position] === row.ends[column.position]) continue;
    hash.addNumber(column.ordinal);
    if (column.date) hash.addNumber(file.date(column));
    else addField(hash, row, column);
  }
}

/** Adds the key of a record that is pointed at: the row changes when it points at another. */
export function addEntryKey({ hash, delta }: RosterState, entry: number): void {
  if (entry === NO_ENTRY) entryKey.fill(0);
  else delta.copyKey(entry, entryKey);
  for (const word of entryKey) hash.addNumber(word);
}

const entryKey = new Int32Array(4);

/** A reference of a row that is bad otherwise: what it names is nowhere. What is withdrawn, or waits, is told of good rows. */
export function judgeReference(
  state: RosterState,
  file: RosterFile,
  column: BoundColumn,
  ...targets: readonly { readonly table: IdTable; readonly code: RecordCode; readonly file: FileName }[]
): void {
  const { row } = file;
  if (isEmpty(row, column)) return;
  const isNowhere = targets.every((target) => {
    const index = findField(target.table, row, column);
    const isWithdrawn = index !== -1 && target.table.states[index] === WITHDRAWN;
    return !isWithdrawn && lookUp(state, target, index, row, column) === 'missing';
  });
  const [first] = targets;
  if (isNowhere && first !== undefined)
    file.fail('REFERENCE_NOT_FOUND', column, () => messageOfMissing(column, file.text(column), first.file));
}

export function messageOfMissing(column: BoundColumn, value: string, target: FileName): string {
  return `${column.title} "${value.slice(0, 64)}" is not in ${target}.`;
}

export function messageOfWithdrawn(title: string): string {
  return `The record that ${title} names is withdrawn by its own row.`;
}

export function messageOfDropped(column: BoundColumn, target: FileName): string {
  return `The record that ${column.title} names was dropped from ${target}; this row waits for it.`;
}

/**
 * The key of a broken row, can it be trusted? What stands before a broken quote can; in a row with too many or too few
 * fields values have moved, but not the first, which a stray line break has cut if nothing stands behind it. A key with a control character is not
 * the one that is meant.
 */
export function isReliable(row: CsvRow, key: BoundColumn): boolean {
  if (row.fault === null && key.position === row.count - 1) return false;
  if (row.fault !== 'brokenQuote' && row.fault !== 'controlCharacter' && key.position !== 0) return false;
  return !holdsControlCharacter(row, key);
}

function holdsControlCharacter({ bytes, starts, ends }: CsvRow, { position }: BoundColumn): boolean {
  const start = starts[position] as number;
  const end = ends[position] as number;
  for (let i = start; i < end; i += 1) if ((bytes[i] as number) < 0x20) return true;
  return holdsHighControl(bytes, start, end);
}

/** Nobody knows whose row it was: nothing that this file feeds is ended in this run, and nothing of what it says of people is taken for gone. */
export function spareFile(state: RosterState, file: RosterFile): void {
  const { describes } = file.definition;
  state.unreadableRows.add(file.definition.name);
  if (describes !== undefined) {
    if (describes !== 'shared') state.details.spoilAll(DETAIL_GROUPS[describes]);
    return;
  }
  for (const name of file.definition.feeds) state.spared.add(RECORD_CODES[name]);
  if (state.anchoredIds !== null && file.definition.feeds.includes('class')) spareClasses(state);
}

/** Nobody knows which class it was: no class ends in this run, and no place in one. */
export function spareClasses({ spared }: RosterState): void {
  for (const name of ['class', 'studentEnrollment', 'teacherEnrollment'] as const)
    spared.add(RECORD_CODES[name]);
}

/** A key for the second time. `same`: with the same values. */
export function reportRepeated(file: RosterFile, same: boolean): void {
  const column = file.column('id', 'key');
  if (same) file.report('ROW_DUPLICATE', column, 'The row is there twice; the second one is ignored.');
  else
    file.report('ID_DUPLICATE', column, 'The id was there before, with other values; the first row counts.');
}
