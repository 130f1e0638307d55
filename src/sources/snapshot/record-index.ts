import { RECORD_CODE_COUNT, RECORD_WORDS } from '#core/roster/record-codes.ts';
import { formatUuid } from '#lib/system.ts';

/** Flags of an entry, about the run under way, but for those of `describedFlag`. */
export const SEEN = 1;
/** A bad row named it, or it hangs on one: it stays as it is. */
export const KEPT = 2;
/** Not in the snapshot. */
export const ADDED = 4;
/**
 * Other files said something of this person (contacts, demographics, ...; by the number of the group): a part of the snapshot, so that
 * their silence is noticed.
 */
export const describedFlag = (group: number): number => 8 << group;
export const DESCRIBED_GROUPS = 8;
const DESCRIBED = ((1 << DESCRIBED_GROUPS) - 1) * 8;

const CONTENT = 4;
const META = 6;
export const CODE_MASK = 0xff;
const FLAGS_SHIFT = 8;
/** So many entries are placed in parts. */
const MANY = 100_000;
/** 2^11 parts: of ten million entries each has 64 KiB of slots. */
const PARTS_BITS = 11;

/**
 * Records by key: 128-bit key to 64-bit content hash and record code, 28 bytes each and 8 to 16 more to find it, in typed
 * arrays. Entries keep their number and their order. Starts as the snapshot; the run marks what it sees and adds what is new.
 *
 * Keys are keyed hashes already, so their first word serves as hash. Rosters come in the same order day after day, so
 * `find` first looks behind the entry it found last: then memory is walked from start to end, three times as fast.
 */
export class RecordIndex {
  size = 0;
  /** RECORD_WORDS an entry; the bytes of keys and contents stand in the order of memory. */
  words: Int32Array;
  #slots = new Int32Array(0);
  /** Entries below that number are in the slots: they are put there when `find` first needs it. */
  #placed = 0;
  #last = -1;

  constructor(capacity = 1024) {
    this.words = wordsFor(capacity);
  }

  /** The records of another thread: keys stand where its entries say, and nothing is found or added. */
  static of(words: Int32Array): RecordIndex {
    const index = new RecordIndex(0);
    index.words = words;
    return index;
  }

  /** The entry of a key (four words), or -1. */
  find(key: Int32Array): number {
    const { words } = this;
    const k0 = key[0] as number;
    const k1 = key[1] as number;
    const k2 = key[2] as number;
    const k3 = key[3] as number;
    const next = this.#last + 1;
    let at = next * RECORD_WORDS;
    if (
      next < this.size &&
      words[at] === k0 &&
      words[at + 1] === k1 &&
      words[at + 2] === k2 &&
      words[at + 3] === k3
    ) {
      this.#last = next;
      return next;
    }
    if (this.size === 0) return -1;
    if (this.#placed < this.size) this.#placeAll();
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = k0 & mask; ; slot = (slot + 1) & mask) {
      const entry = (slots[slot] as number) - 1;
      if (entry === -1) return -1;
      at = entry * RECORD_WORDS;
      if (words[at] === k0 && words[at + 1] === k1 && words[at + 2] === k2 && words[at + 3] === k3) {
        this.#last = entry;
        return entry;
      }
    }
  }

  /** Adds a key that is not there. */
  add(key: Int32Array, content: Int32Array, code: number, flags: number): number {
    const entry = this.size;
    const at = entry * RECORD_WORDS;
    if (at === this.words.length) this.reserve(Math.max(entry * 2, 1024));
    const { words } = this;
    for (let i = 0; i < CONTENT; i += 1) words[at + i] = key[i] as number;
    words[at + CONTENT] = content[0] as number;
    words[at + CONTENT + 1] = content[1] as number;
    words[at + META] = code | (flags << FLAGS_SHIFT);
    this.size += 1;
    this.#last = entry;
    return entry;
  }

  /** Takes whole records (RECORD_WORDS each) whose keys are not there. */
  addAll(records: Int32Array): void {
    const from = this.size;
    const size = from + records.length / RECORD_WORDS;
    this.reserve(size);
    this.words.set(records, from * RECORD_WORDS);
    this.size = size;
  }

  /** Room for that many entries. */
  reserve(entries: number): void {
    if (entries * RECORD_WORDS <= this.words.length) return;
    const words = wordsFor(entries);
    words.set(this.words);
    this.words = words;
  }

  code(entry: number): number {
    return (this.words[entry * RECORD_WORDS + META] as number) & CODE_MASK;
  }

  flags(entry: number): number {
    return (this.words[entry * RECORD_WORDS + META] as number) >> FLAGS_SHIFT;
  }

  addFlags(entry: number, flags: number): void {
    const at = entry * RECORD_WORDS + META;
    this.words[at] = (this.words[at] as number) | (flags << FLAGS_SHIFT);
  }

  removeFlags(entry: number, flags: number): void {
    const at = entry * RECORD_WORDS + META;
    this.words[at] = (this.words[at] as number) & ~(flags << FLAGS_SHIFT);
  }

  /** By the number of the group: entries of which other files said something. */
  countDescribed(): number[] {
    const counts = Array.from({ length: DESCRIBED_GROUPS }, () => 0);
    for (let entry = 0; entry < this.size; entry += 1) {
      const described = this.flags(entry) & DESCRIBED;
      if (described === 0) continue;
      for (let group = 0; group < DESCRIBED_GROUPS; group += 1)
        if ((described & describedFlag(group)) !== 0) counts[group] = (counts[group] ?? 0) + 1;
    }
    return counts;
  }

  hasContent(entry: number, content: Int32Array): boolean {
    const at = entry * RECORD_WORDS + CONTENT;
    return this.words[at] === content[0] && this.words[at + 1] === content[1];
  }

  setContent(entry: number, content: Int32Array): void {
    const at = entry * RECORD_WORDS + CONTENT;
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
   * The records of the entries that `isCurrent` names, in their order, without flags but what other files said: so many at once. A part is good
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
      const from = entry * RECORD_WORDS;
      for (let i = 0; i < META; i += 1) part[to + i] = words[from + i] as number;
      part[to + META] = this.code(entry) | ((this.flags(entry) & DESCRIBED) << FLAGS_SHIFT);
      to += RECORD_WORDS;
      if (to < part.length) continue;
      yield part;
      to = 0;
    }
    if (to > 0) yield part.subarray(0, to);
  }

  /** The key of an entry as a UUID. */
  uuid(entry: number): string {
    return formatUuid(new Uint8Array(this.words.buffer, entry * RECORD_WORDS * 4, 16));
  }

  /** The content hash of an entry as the database shows it: a signed 64-bit integer. */
  contentNumber(entry: number): bigint {
    return Buffer.from(this.words.buffer, (entry * RECORD_WORDS + CONTENT) * 4, 8).readBigInt64BE();
  }

  /** Makes the entries that came since the last time findable by their keys. */
  #placeAll(): void {
    if (this.#slots.length < slotsFor(this.size)) {
      this.#slots = new Int32Array(slotsFor(Math.ceil(this.size * 1.1)));
      this.#placed = 0;
    }
    if (this.size - this.#placed > MANY) this.#placeByPart();
    for (; this.#placed < this.size; this.#placed += 1)
      this.#place(this.#placed, this.words[this.#placed * RECORD_WORDS] as number);
  }

  #place(entry: number, hash: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = entry + 1;
  }

  /**
   * Places many entries one part of the slots after the other, so that what is written to stays in the processor's cache: ten million
   * entries in their own order take ten times as long, nearly all of it waiting for memory.
   */
  #placeByPart(): void {
    const { words } = this;
    const from = this.#placed;
    const count = this.size - from;
    const mask = this.#slots.length - 1;
    const shift = Math.max(0, Math.log2(this.#slots.length) - PARTS_BITS);
    const ends = new Int32Array(2 ** PARTS_BITS + 1);
    for (let entry = from; entry < this.size; entry += 1) {
      const part = ((words[entry * RECORD_WORDS] as number) & mask) >>> shift;
      ends[part + 1] = (ends[part + 1] as number) + 1;
    }
    for (let part = 1; part < ends.length; part += 1)
      ends[part] = (ends[part] as number) + (ends[part - 1] as number);
    const entries = new Int32Array(count);
    const hashes = new Int32Array(count);
    for (let entry = from; entry < this.size; entry += 1) {
      const hash = words[entry * RECORD_WORDS] as number;
      const part = (hash & mask) >>> shift;
      const at = ends[part] as number;
      ends[part] = at + 1;
      entries[at] = entry;
      hashes[at] = hash;
    }
    for (let at = 0; at < count; at += 1) this.#place(entries[at] as number, hashes[at] as number);
    this.#placed = this.size;
  }
}

/** Threads that read rows beforehand see the keys. */
function wordsFor(entries: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(entries * RECORD_WORDS * Int32Array.BYTES_PER_ELEMENT));
}

/** A power of two, at most half full. */
function slotsFor(entries: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(entries, 16) * 2));
}
