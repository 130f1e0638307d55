import { CONTACT_RELATIONSHIPS, DEMOGRAPHIC_PROPERTIES } from '#core/roster/records.ts';
import { assert, must } from '#lib/assert.ts';

import type { CsvRow } from './csv-reader.ts';
import { ByteArena } from './byte-arena.ts';
import type { IdTable } from './id-table.ts';
import type { RecordHash } from './record-hash.ts';

/** Between the fields of a value. Fields hold no control characters (the reader sees to that). */
const FIELD_SEPARATOR = 0x1f;

/** One thing that was said of a person. An empty field is null. */
export interface DetailValue {
  readonly fields: readonly (string | null)[];
  readonly tag: number;
}

/** A kind of thing that other files than their own say of people: it becomes properties of their records. */
export interface DetailGroup {
  /** Its bit here, and its place in content hashes: append only, at most 8. */
  readonly number: number;
  /** The properties it becomes: what planning fills in from before when not all could be read. */
  readonly properties: readonly string[];
  /** Most values of one person: the hash of a person has a bounded length. */
  readonly maxValues: number;
  /** The properties, from all values in canonical order; of a person of whom nothing is said, from none. */
  toRecord(values: readonly DetailValue[]): Record<string, unknown>;
}

export type DetailName = 'contacts' | 'demographics' | 'flags';

/** The groups by name. What tells from a record that was applied whether it has something of a group: storage/snapshot/copy-current-records.ts. */
export const DETAIL_GROUPS: Readonly<Record<DetailName, DetailGroup>> = {
  contacts: {
    number: 0,
    properties: ['contacts'],
    maxValues: 100,
    toRecord: (values) => ({
      contacts: values.map(({ fields: [displayName, emailAddress, mobilePhone], tag }) => ({
        displayName,
        emailAddress,
        mobilePhone,
        relationship: must(CONTACT_RELATIONSHIPS[tag]),
      })),
    }),
  },
  demographics: {
    number: 1,
    properties: DEMOGRAPHIC_PROPERTIES,
    maxValues: 1,
    toRecord: ([value]) =>
      Object.fromEntries(
        DEMOGRAPHIC_PROPERTIES.map((property, place) => [property, value?.fields[place] ?? null]),
      ),
  },
  flags: {
    number: 2,
    properties: ['flags'],
    maxValues: 100,
    toRecord: (values) => ({ flags: values.map(({ fields: [flag] }) => flag) }),
  },
};
const GROUPS = Object.values(DETAIL_GROUPS);

/** Stand before what a group says in a content hash: numbers that no column has. */
const HASH_BASE = 1 << 20;
const HASH_INCOMPLETE = HASH_BASE - 1;
const NONE = -1;
/** Nobody of whom anything is said. */
export const NOBODY = -1;

/**
 * What other files than their own say of people (contacts; later demographics and flags), by the id of the person: read before the people,
 * kept as numbers and bytes without an object per row (17 bytes a row, each value once). A million students with two contacts each, whom
 * nobody shares, take some 400 MB with the ids.
 *
 * What could not be read makes a person incomplete in a group: the rest stands, and nothing of before is taken for gone.
 */
export class PersonDetails {
  rows = 0;
  /** People who were incomplete and had something said of them before that is not said now: it stays. Counted by their reader. */
  kept = 0;
  /** Bits of groups about which the roster says something; a group that is not stated is no part of records. */
  #stated = 0;
  /** Bits of groups in which rows could not be told from whom they are. */
  #incompleteForAll = 0;
  readonly #counts: number[] = GROUPS.map(() => 0);
  /** By id: `entries` has the row that was added last; `states` the bits of groups in which the person is incomplete. */
  readonly #people: IdTable;
  readonly #values = new ByteArena();
  /** By row: the one added before it of the same person, the value, what it says of the value, the line. */
  #next = new Int32Array(256);
  #valueOf = new Int32Array(256);
  #tags = new Uint8Array(256);
  #groupOf = new Uint8Array(256);
  #lines = new Int32Array(256);

  /** `people` is an empty table. */
  constructor(people: IdTable) {
    assert(GROUPS.length <= 8, 'a group has one bit of a byte');
    this.#people = people;
  }

  /** The roster says something of this group, even if it should be that there is nothing. */
  state(group: DetailGroup): void {
    this.#stated |= 1 << group.number;
  }

  states(group: DetailGroup): boolean {
    return (this.#stated & (1 << group.number)) !== 0;
  }

  /** Writes bytes of a field of the value under way; any number of times. */
  write(bytes: Buffer, start: number, end: number): void {
    this.#values.append(bytes, start, end);
  }

  writeByte(byte: number): void {
    this.#values.appendByte(byte);
  }

  /** The next field of the value under way begins. */
  nextField(): void {
    this.#values.appendByte(FIELD_SEPARATOR);
  }

  /** The value under way is whole, and kept. @returns its number, for any number of people. */
  endValue(): number {
    return this.#values.seal();
  }

  sameValues(first: number, second: number): boolean {
    return this.#values.compare(first, second) === 0;
  }

  /**
   * Says a value of the person whose id is the bytes from `start` to `end`. `tag`: a number up to 255 beside it. Again: it was said
   * already; full: there are too many.
   */
  add(
    group: DetailGroup,
    bytes: Buffer,
    start: number,
    end: number,
    value: number,
    tag: number,
    line: number,
  ): 'added' | 'again' | 'full' {
    const person = this.#people.add(bytes, start, end);
    let count = 0;
    for (let row = this.#people.entries[person] as number; row !== NONE; row = this.#next[row] as number) {
      if (this.#groupOf[row] !== group.number) continue;
      if (this.#tags[row] === tag && this.#values.compare(this.#valueOf[row] as number, value) === 0)
        return 'again';
      count += 1;
    }
    if (count === group.maxValues) return 'full';
    if (this.rows === this.#next.length) this.#grow();
    const row = this.rows;
    this.#next[row] = this.#people.entries[person] as number;
    this.#valueOf[row] = value;
    this.#tags[row] = tag;
    this.#groupOf[row] = group.number;
    this.#lines[row] = line;
    this.#people.entries[person] = row;
    this.rows += 1;
    this.#counts[group.number] = this.countOf(group) + 1;
    return 'added';
  }

  /** A row about that person could not be taken. */
  spoil(group: DetailGroup, bytes: Buffer, start: number, end: number): void {
    const person = this.#people.add(bytes, start, end);
    this.#people.states[person] = (this.#people.states[person] as number) | (1 << group.number);
  }

  /** A row could not be read, and nobody knows whose it was. */
  spoilAll(group: DetailGroup): void {
    this.#incompleteForAll |= 1 << group.number;
  }

  /** The number of a person, or NOBODY: nothing is said of them. */
  find(row: CsvRow, position: number): number {
    return this.findId(row.bytes, row.starts[position] as number, row.ends[position] as number);
  }

  /** The same, of a person's id. */
  findId(bytes: Buffer, start: number, end: number): number {
    return this.#people.size === 0 ? NOBODY : this.#people.find(bytes, start, end);
  }

  /** Stated groups of which not all that the roster says of the person could be read, a bit each. */
  incompleteBits(person: number): number {
    const own = person === NOBODY ? 0 : (this.#people.states[person] as number);
    return (own | this.#incompleteForAll) & this.#stated;
  }

  /** Stated groups with at least one value, a bit each. */
  bitsOf(person: number): number {
    if (person === NOBODY) return 0;
    let bits = 0;
    for (let row = this.#people.entries[person] as number; row !== NONE; row = this.#next[row] as number)
      bits |= 1 << (this.#groupOf[row] as number);
    return bits & this.#stated;
  }

  /** Values of a group, of all people. */
  countOf(group: DetailGroup): number {
    return this.#counts[group.number] ?? 0;
  }

  /**
   * Adds what is said of the person to a content hash under way; of whom nothing is said, nothing. `incomplete`: another hash than that
   * of the same values when they are all, so that the next roster is compared with what it stands for.
   */
  hashInto(hash: RecordHash, person: number, incomplete: boolean): void {
    if (person !== NOBODY)
      for (const row of this.#rowsOf(person)) {
        hash.addNumber(HASH_BASE + (this.#groupOf[row] as number));
        hash.addNumber(this.#tags[row] as number);
        const { bytes, starts } = this.#values;
        const value = this.#valueOf[row] as number;
        hash.addBytes(bytes, starts[value] as number, starts[value + 1] as number);
      }
    if (incomplete) hash.addNumber(HASH_INCOMPLETE);
  }

  /** The properties of the stated groups; `showIncomplete`: with the names of those of which not all could be read. */
  recordOf(person: number, showIncomplete: boolean): Record<string, unknown> {
    if (this.#stated === 0) return {};
    const record: Record<string, unknown> = {};
    const rows = person === NOBODY ? [] : this.#rowsOf(person);
    const bits = this.incompleteBits(person);
    const incomplete: string[] = [];
    for (const group of GROUPS) {
      if (!this.states(group)) continue;
      const values = rows
        .filter((row) => this.#groupOf[row] === group.number)
        .map((row) => ({ fields: this.#fieldsOf(row), tag: this.#tags[row] as number }));
      Object.assign(record, group.toRecord(values));
      if (showIncomplete && (bits & (1 << group.number)) !== 0) incomplete.push(...group.properties);
    }
    return incomplete.length === 0 ? record : { ...record, incomplete };
  }

  /** Rows about people who are not present in `people`, in the order of their lines. */
  strangers(
    group: DetailGroup,
    people: IdTable,
    present: number,
  ): { readonly id: string; readonly index: number; readonly line: number }[] {
    const strangers: { id: string; index: number; line: number }[] = [];
    for (let person = 0; person < this.#people.size; person += 1) {
      const index = this.#people.findIn(people, person);
      if (index !== -1 && people.states[index] === present) continue;
      for (let row = this.#people.entries[person] as number; row !== NONE; row = this.#next[row] as number)
        if (this.#groupOf[row] === group.number)
          strangers.push({ id: this.#people.text(person), index, line: this.#lines[row] as number });
    }
    return strangers.toSorted((a, b) => a.line - b.line);
  }

  /** Of stated groups, in canonical order: by group, by the bytes of the value, by tag. */
  #rowsOf(person: number): number[] {
    const rows: number[] = [];
    for (let row = this.#people.entries[person] as number; row !== NONE; row = this.#next[row] as number)
      if ((this.#stated & (1 << (this.#groupOf[row] as number))) !== 0) rows.push(row);
    if (rows.length < 2) return rows;
    return rows.sort(
      (a, b) =>
        (this.#groupOf[a] as number) - (this.#groupOf[b] as number) ||
        this.#values.compare(this.#valueOf[a] as number, this.#valueOf[b] as number) ||
        (this.#tags[a] as number) - (this.#tags[b] as number),
    );
  }

  #fieldsOf(row: number): (string | null)[] {
    const text = this.#values.text(this.#valueOf[row] as number);
    return text.split(String.fromCharCode(FIELD_SEPARATOR)).map((field) => field || null);
  }

  #grow(): void {
    const size = this.#next.length * 2;
    const widen = <T extends Int32Array | Uint8Array>(wide: T, old: T): T => {
      wide.set(old);
      return wide;
    };
    this.#next = widen(new Int32Array(size), this.#next);
    this.#valueOf = widen(new Int32Array(size), this.#valueOf);
    this.#lines = widen(new Int32Array(size), this.#lines);
    this.#tags = widen(new Uint8Array(size), this.#tags);
    this.#groupOf = widen(new Uint8Array(size), this.#groupOf);
  }
}
