import { RECORD_CODE_COUNT } from '#core/roster/record-codes.ts';
import { formatUuid } from '#lib/system.ts';

/** Flags of an entry, all about the run under way. */
export const SEEN = 1;
/** A bad row named it, or it hangs on one: it stays as it is. */
export const KEPT = 2;
/** Not in the snapshot. */
export const ADDED = 4;

/**
 * Records by key: 128-bit key to 64-bit content hash and record code, in typed arrays (25 bytes a record and 8 to 16 for
 * finding it). Entries keep their number. Starts as the snapshot; the run marks what it sees and adds what is new. Keys are
 * keyed hashes already, so their first word serves as hash.
 */
export class RecordIndex {
  size = 0;
  /** Four words an entry, two for `contents`: bytes in the order of memory. */
  keys: Int32Array;
  contents: Int32Array;
  codes: Uint8Array;
  flags: Uint8Array;
  #slots: Int32Array;

  constructor(capacity = 1024) {
    this.keys = new Int32Array(capacity * 4);
    this.contents = new Int32Array(capacity * 2);
    this.codes = new Uint8Array(capacity);
    this.flags = new Uint8Array(capacity);
    this.#slots = new Int32Array(slotsFor(capacity));
  }

  /** The entry of a key (four words), or -1. */
  find(key: Int32Array): number {
    const { keys } = this;
    const slots = this.#slots;
    const mask = slots.length - 1;
    const [first, second, third, fourth] = [key[0], key[1], key[2], key[3]];
    for (let slot = (first as number) & mask; ; slot = (slot + 1) & mask) {
      const entry = (slots[slot] as number) - 1;
      if (entry === -1) return -1;
      const at = entry * 4;
      if (keys[at] === first && keys[at + 1] === second && keys[at + 2] === third && keys[at + 3] === fourth)
        return entry;
    }
  }

  /** Adds a key that is not there. */
  add(key: Int32Array, content: Int32Array, code: number, flags: number): number {
    if (this.size === this.codes.length) this.reserve(Math.max(this.size * 2, 1024));
    const entry = this.size;
    this.size += 1;
    for (let i = 0; i < 4; i += 1) this.keys[entry * 4 + i] = key[i] as number;
    this.contents[entry * 2] = content[0] as number;
    this.contents[entry * 2 + 1] = content[1] as number;
    this.codes[entry] = code;
    this.flags[entry] = flags;
    this.#place(entry);
    return entry;
  }

  /** Takes columns of records whose keys are not there, for loading. */
  addAll(keys: Int32Array, contents: Int32Array, codes: Uint8Array): void {
    this.reserve(this.size + codes.length);
    this.keys.set(keys, this.size * 4);
    this.contents.set(contents, this.size * 2);
    this.codes.set(codes, this.size);
    const from = this.size;
    this.size += codes.length;
    for (let entry = from; entry < this.size; entry += 1) this.#place(entry);
  }

  /** Room for that many entries. */
  reserve(entries: number): void {
    if (entries <= this.codes.length) return;
    this.keys = widen(this.keys, new Int32Array(entries * 4));
    this.contents = widen(this.contents, new Int32Array(entries * 2));
    this.codes = widen(this.codes, new Uint8Array(entries));
    this.flags = widen(this.flags, new Uint8Array(entries));
    this.#slots = new Int32Array(slotsFor(entries));
    for (let entry = 0; entry < this.size; entry += 1) this.#place(entry);
  }

  /** Entries per record code. */
  countByCode(): number[] {
    const counts = Array.from({ length: RECORD_CODE_COUNT }, () => 0);
    for (let entry = 0; entry < this.size; entry += 1) {
      const code = this.codes[entry] as number;
      counts[code] = (counts[code] ?? 0) + 1;
    }
    return counts;
  }

  /** The key of an entry as a UUID. */
  uuid(entry: number): string {
    return formatUuid(new Uint8Array(this.keys.buffer, this.keys.byteOffset + entry * 16, 16));
  }

  /** The content hash of an entry as the database shows it: a signed 64-bit integer. */
  contentNumber(entry: number): bigint {
    return Buffer.from(this.contents.buffer, this.contents.byteOffset + entry * 8, 8).readBigInt64BE();
  }

  #place(entry: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (this.keys[entry * 4] as number) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = entry + 1;
  }
}

/** A power of two, at most half full. */
function slotsFor(entries: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(entries, 16) * 2));
}

function widen<T extends Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
