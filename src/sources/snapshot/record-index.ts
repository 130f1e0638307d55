import { RECORD_CODE_COUNT, RECORD_WORDS } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';
import { formatUuid } from '#lib/system.ts';

import { type KeySlots, KeySlotsInMemory, KeySlotsOnDisk } from './key-slots.ts';
import { PagedWords } from './paged-words.ts';

/** Flags of an entry: of the run under way, and no part of the snapshot. */
export const SEEN = 1;
/** A bad row named it, or it hangs on one: it stays as it is. */
export const KEPT = 2;
/** Not in the snapshot. */
export const ADDED = 4;

/** Groups of files that say more of people (contacts, demographics, ...). */
export const DESCRIBED_GROUPS = 8;

const CONTENT = 4;
const META = 6;
export const CODE_MASK = 0xff;
/**
 * In the last word of a record, above its code: a bit for each group of files that said something of this person, so that their silence is
 * noticed.
 */
const DESCRIBED_SHIFT = 11;
const DESCRIBED_MASK = (1 << DESCRIBED_GROUPS) - 1;

/** Where records go when there are more than memory shall hold. */
export interface SpillOptions {
  readonly directory: string;
  /** So many are kept in memory. */
  readonly recordsInMemory: number;
}

/** 8.4 million, of 28 bytes: those of a state with a million students, and some more. */
export const RECORDS_IN_MEMORY = 2 ** 23;

/** An estimate that is so much over it is taken for true. */
const SURELY_MORE = 1.25;

/** Room for so many more is made at most. */
const PART = 2 ** 24;
const PAGE_RECORDS = 1024;
const PAGE_BITS = 10;
/** 3.5 MiB. */
const PAGES = 128;

/**
 * Records by key: 128-bit key to 64-bit content hash and record code, 28 bytes each and 8 to 16 more to find it, in typed
 * arrays. Entries keep their number and their order. Starts as the snapshot; the run marks what it sees and adds what is new.
 *
 * Rosters come in the same order day after day, so `find` first looks behind the entry it found last: then memory is walked from start to end, three
 * times as fast. That is why records can also be in a file, where there are too many for memory (`spill`): what comes in another order is found
 * there too, but slowly. Errors then: what the file system says.
 */
export class RecordIndex {
  size = 0;
  /** RECORD_WORDS a record, where `locate` says; the bytes of keys and contents stand in the order of memory. */
  words: Int32Array;
  /** SEEN, KEPT and ADDED of each entry. */
  #flags: Uint8Array;
  #disk: PagedWords | null = null;
  #slots: KeySlots = new KeySlotsInMemory(this);
  #last = -1;
  #isElsewhere = false;
  readonly #spill: SpillOptions | null;

  /** `spill`: null: all stay in memory. */
  constructor(capacity = 1024, spill: SpillOptions | null = null) {
    this.#spill = spill;
    this.words = wordsFor(capacity);
    this.#flags = new Uint8Array(capacity);
  }

  /** The records of another thread, if they are in memory: keys stand where its entries say, and nothing is found or added. */
  static of(words: Int32Array | null): RecordIndex {
    const index = new RecordIndex(0);
    index.#isElsewhere = words === null;
    if (words !== null) index.words = words;
    return index;
  }

  /** All records, at RECORD_WORDS times the number of their entry, for another thread; null: they are not in memory. */
  get inMemory(): Int32Array | null {
    return this.#disk === null && !this.#isElsewhere ? this.words : null;
  }

  /** Where the record of an entry stands in `words`, until another one is located. `toChange`: what is written there is kept. */
  locate(entry: number, toChange = false): number {
    const disk = this.#disk;
    return disk === null
      ? entry * RECORD_WORDS
      : disk.page(entry >>> PAGE_BITS, toChange) + (entry & (PAGE_RECORDS - 1)) * RECORD_WORDS;
  }

  /** The entry of a key (four words), or -1. */
  find(key: Int32Array): number {
    const next = this.#last + 1;
    if (next < this.size && this.hasKey(next, key)) {
      this.#last = next;
      return next;
    }
    if (this.size === 0) return -1;
    const entry = this.#slots.find(key);
    if (entry !== -1) this.#last = entry;
    return entry;
  }

  hasKey(entry: number, key: Int32Array): boolean {
    const at = this.locate(entry);
    const { words } = this;
    return (
      words[at] === key[0] && words[at + 1] === key[1] && words[at + 2] === key[2] && words[at + 3] === key[3]
    );
  }

  firstWordOf(entry: number): number {
    return this.words[this.locate(entry)] as number;
  }

  secondWordOf(entry: number): number {
    return this.words[this.locate(entry) + 1] as number;
  }

  /** Fills `into` with the key of an entry. */
  copyKey(entry: number, into: Int32Array): void {
    const at = this.locate(entry);
    for (let i = 0; i < CONTENT; i += 1) into[i] = this.words[at + i] as number;
  }

  /** Adds a key that is not there. `described`: see `describe`. */
  add(key: Int32Array, content: Int32Array, code: number, flags: number, described = 0): number {
    const entry = this.size;
    this.reserve(entry + 1);
    const at = this.locate(entry, true);
    const { words } = this;
    for (let i = 0; i < CONTENT; i += 1) words[at + i] = key[i] as number;
    words[at + CONTENT] = content[0] as number;
    words[at + CONTENT + 1] = content[1] as number;
    words[at + META] = code | (described << DESCRIBED_SHIFT);
    this.#flags[entry] = flags;
    this.size += 1;
    this.#last = entry;
    return entry;
  }

  /** Takes whole records (RECORD_WORDS each) whose keys are not there. */
  addAll(records: Int32Array): void {
    this.reserve(this.size + records.length / RECORD_WORDS);
    if (this.#disk === null) {
      this.words.set(records, this.size * RECORD_WORDS);
      this.size += records.length / RECORD_WORDS;
    } else
      for (let from = 0; from < records.length; from += RECORD_WORDS) {
        const at = this.locate(this.size, true);
        for (let i = 0; i < RECORD_WORDS; i += 1) this.words[at + i] = records[from + i] as number;
        this.size += 1;
      }
  }

  /** About so many records come besides. Those of which more will come than memory holds go to the disk at once. */
  expect(more: number): void {
    const likely = this.size + more;
    if (this.#disk === null && this.#spill !== null && likely > this.#spill.recordsInMemory * SURELY_MORE)
      this.#moveToDisk(this.#spill.directory);
    this.reserve(this.size, likely);
  }

  /** Room for that many entries, and for as many as are `likely` to come if memory may hold them. */
  reserve(entries: number, likely = entries): void {
    const capacity = this.#flags.length;
    if (entries <= capacity && likely <= capacity) return;
    const isTooMany = this.#spill !== null && entries > this.#spill.recordsInMemory;
    const most = this.#spill === null || isTooMany ? Infinity : this.#spill.recordsInMemory;
    const wanted = Math.min(most, Math.max(likely, Math.min(capacity * 2, capacity + PART), 1024));
    if (wanted <= capacity) return;
    const flags = new Uint8Array(wanted);
    flags.set(this.#flags);
    this.#flags = flags;
    if (this.#disk !== null) return;
    if (isTooMany) this.#moveToDisk(must(this.#spill).directory);
    else {
      const words = wordsFor(wanted);
      words.set(this.words);
      this.words = words;
    }
  }

  /** What it has on disk is gone; it goes by itself with the thread. */
  close(): void {
    this.#disk?.close();
    this.#slots.close();
  }

  code(entry: number): number {
    return (this.words[this.locate(entry) + META] as number) & CODE_MASK;
  }

  flags(entry: number): number {
    return this.#flags[entry] as number;
  }

  addFlags(entry: number, flags: number): void {
    this.#flags[entry] = (this.#flags[entry] as number) | flags;
  }

  /** Groups of files that said something of a person, a bit each: a part of the snapshot. */
  described(entry: number): number {
    return ((this.words[this.locate(entry) + META] as number) >>> DESCRIBED_SHIFT) & DESCRIBED_MASK;
  }

  describe(entry: number, described: number): void {
    const at = this.locate(entry, true) + META;
    this.words[at] = ((this.words[at] as number) & CODE_MASK) | (described << DESCRIBED_SHIFT);
  }

  /** By the number of the group: entries of which other files said something. */
  countDescribed(): number[] {
    const counts = Array.from({ length: DESCRIBED_GROUPS }, () => 0);
    for (let entry = 0; entry < this.size; entry += 1) {
      const described = this.described(entry);
      if (described === 0) continue;
      for (let group = 0; group < DESCRIBED_GROUPS; group += 1)
        if ((described & (1 << group)) !== 0) counts[group] = (counts[group] ?? 0) + 1;
    }
    return counts;
  }

  hasContent(entry: number, content: Int32Array): boolean {
    const at = this.locate(entry) + CONTENT;
    return this.words[at] === content[0] && this.words[at + 1] === content[1];
  }

  setContent(entry: number, content: Int32Array): void {
    const at = this.locate(entry, true) + CONTENT;
    this.words[at] = content[0] as number;
    this.words[at + 1] = content[1] as number;
  }

  /** Entries per record code. */
  countByCode(): number[] {
    const counts = Array.from({ length: RECORD_CODE_COUNT }, () => 0);
    for (let entry = 0; entry < this.size; entry += 1) {
      const code = this.code(entry);
      counts[code] = (counts[code] ?? 0) + 1;
    }
    return counts;
  }

  /**
   * The records of the entries that `isCurrent` names, in their order, so many at once. A part is good
   * until the next is asked for.
   */
  *recordsInParts(
    isCurrent: (entry: number) => boolean,
    partRecords: number,
  ): Generator<Int32Array<ArrayBuffer>, void, undefined> {
    const { words } = this;
    const part = new Int32Array(partRecords * RECORD_WORDS);
    let to = 0;
    for (let entry = 0; entry < this.size; entry += 1) {
      if (!isCurrent(entry)) continue;
      const from = this.locate(entry);
      for (let i = 0; i < RECORD_WORDS; i += 1) part[to + i] = words[from + i] as number;
      to += RECORD_WORDS;
      if (to < part.length) continue;
      yield part;
      to = 0;
    }
    if (to > 0) yield part.subarray(0, to);
  }

  /** The key of an entry as a UUID. */
  uuid(entry: number): string {
    return formatUuid(new Uint8Array(this.words.buffer, this.locate(entry) * 4, 16));
  }

  /** The content hash of an entry as the database shows it: a signed 64-bit integer. */
  contentNumber(entry: number): bigint {
    return Buffer.from(this.words.buffer, (this.locate(entry) + CONTENT) * 4, 8).readBigInt64BE();
  }

  #moveToDisk(directory: string): void {
    const disk = new PagedWords(directory, { pageWords: PAGE_RECORDS * RECORD_WORDS, pages: PAGES });
    const pageWords = PAGE_RECORDS * RECORD_WORDS;
    const end = this.size * RECORD_WORDS;
    for (let page = 0; page * pageWords < end; page += 1)
      disk.words.set(
        this.words.subarray(page * pageWords, Math.min(end, (page + 1) * pageWords)),
        disk.page(page, true),
      );
    this.#slots.close();
    this.#slots = new KeySlotsOnDisk(this, directory);
    this.#disk = disk;
    this.words = disk.words;
  }
}

/** Threads that read rows beforehand see the keys. */
function wordsFor(entries: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(entries * RECORD_WORDS * Int32Array.BYTES_PER_ELEMENT));
}
