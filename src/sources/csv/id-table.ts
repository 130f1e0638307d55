import { assert } from '#lib/assert.ts';

/** What became of the record with an id. dropped: its row was bad; the last good state stays, references wait. */
export const UNKNOWN = 0;
export const PRESENT = 1;
export const DROPPED = 2;
/** Its row says that it is there no more: as good as unknown, but that what names it goes with it. */
export const WITHDRAWN = 3;

/** The number of an id and one more, or 0; and its hash, so that nothing else is looked at where it differs. */
const SLOT_WORDS = 2;

/** A table as another thread gets it: memory that both see, and that nobody writes to meanwhile. */
export interface SharedIdTable {
  readonly seed: number;
  readonly size: number;
  readonly states: Uint8Array;
  readonly entries: Int32Array;
  readonly parents: Int32Array;
  readonly slots: Int32Array;
  readonly starts: Int32Array;
  readonly arena: Uint8Array;
}

/**
 * The ids of one kind in this roster, as bytes: id to a small number, without a string per row. Its hash is seeded, so that
 * nobody can choose ids that collide. Per id it keeps a state and two numbers that are the caller's.
 */
export class IdTable {
  size = 0;
  states: Uint8Array;
  /** Entry in the record index. */
  entries: Int32Array;
  /** Number of the id it belongs to in another table (a section's school); -1: none. */
  parents: Int32Array;
  readonly #seed: number;
  #slots: Int32Array;
  /** Where id i starts in the arena; it ends where the next starts. */
  #starts: Int32Array;
  #arena: Buffer = Buffer.from(new SharedArrayBuffer(16 * 1024));
  #arenaBytes = 0;
  /** Found last: rows of one section, or of one person, often stand together. */
  #last = -1;

  /** `expected`: how many ids are likely to come. */
  constructor(seed: number, expected = 1024) {
    const capacity = Math.max(1024, Math.ceil(expected));
    this.#seed = seed;
    this.states = new Uint8Array(new SharedArrayBuffer(capacity));
    this.entries = sharedWords(capacity);
    this.parents = sharedWords(capacity);
    this.#starts = sharedWords(capacity + 1);
    this.#slots = sharedWords(slotWordsFor(capacity));
  }

  /** Room for about so many ids at once: what a table leaves behind each time it grows is not given back soon. Where there is nearly enough it stays. */
  reserve(ids: number): void {
    if (ids < this.states.length * 1.5) return;
    if (this.#arenaBytes > 0) this.#growArena(Math.ceil((this.#arenaBytes / this.size) * (ids - this.size)));
    this.#grow(ids);
    if (this.#slots.length < slotWordsFor(ids)) this.#growSlots(ids);
  }

  /** For another thread: only while no id is added here or there. */
  share(): SharedIdTable {
    const { size, states, entries, parents } = this;
    return {
      seed: this.#seed,
      size,
      states,
      entries,
      parents,
      slots: this.#slots,
      starts: this.#starts,
      arena: this.#arena,
    };
  }

  /** The table of another thread: to look ids up. */
  static of(shared: SharedIdTable): IdTable {
    const table = new IdTable(shared.seed);
    table.size = shared.size;
    table.states = shared.states;
    table.entries = shared.entries;
    table.parents = shared.parents;
    table.#slots = shared.slots;
    table.#starts = shared.starts;
    table.#arena = Buffer.from(shared.arena.buffer);
    return table;
  }

  /** The number of an id, or -1. */
  find(bytes: Buffer, start: number, end: number): number {
    if (this.#last !== -1 && this.#equals(this.#last, bytes, start, end)) return this.#last;
    return this.#findHashed(this.#hash(bytes, start, end), bytes, start, end);
  }

  /** The number of an id, which is added (state UNKNOWN) when it is new. */
  add(bytes: Buffer, start: number, end: number): number {
    const hash = this.#hash(bytes, start, end);
    const known = this.#findHashed(hash, bytes, start, end);
    if (known !== -1) return known;
    const index = this.size;
    const length = end - start;
    if (index === this.states.length) this.#grow(index * 2);
    if (this.#arenaBytes + length > this.#arena.length) this.#growArena(length);
    bytes.copy(this.#arena, this.#arenaBytes, start, end);
    this.#arenaBytes += length;
    this.#starts[index + 1] = this.#arenaBytes;
    this.states[index] = UNKNOWN;
    this.entries[index] = -1;
    this.parents[index] = -1;
    this.size += 1;
    // At most three quarters are taken.
    if (this.size * SLOT_WORDS * 4 > this.#slots.length * 3) this.#growSlots(this.size);
    this.#place(index + 1, hash);
    return index;
  }

  /** The number that an id of this table has in another one, or -1. */
  findIn(other: IdTable, index: number): number {
    return other.find(this.#arena, this.#starts[index] as number, this.#starts[index + 1] as number);
  }

  /** The id as text. */
  text(index: number): string {
    return this.#arena.toString('utf8', this.#starts[index], this.#starts[index + 1]);
  }

  #findHashed(hash: number, bytes: Buffer, start: number, end: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = (hash << 1) & mask; ; at = (at + 2) & mask) {
      const found = (slots[at] as number) - 1;
      if (found === -1) return -1;
      if (slots[at + 1] === hash && this.#equals(found, bytes, start, end)) {
        this.#last = found;
        return found;
      }
    }
  }

  #equals(index: number, bytes: Buffer, start: number, end: number): boolean {
    const from = this.#starts[index] as number;
    const length = end - start;
    if ((this.#starts[index + 1] as number) - from !== length) return false;
    for (let i = 0; i < length; i += 1) if (this.#arena[from + i] !== bytes[start + i]) return false;
    return true;
  }

  /** Murmur3's mixing, byte by byte: ids are short. */
  #hash(bytes: Buffer, start: number, end: number): number {
    let hash = this.#seed;
    for (let i = start; i < end; i += 1) {
      hash = Math.imul(hash ^ (bytes[i] as number), 0x5bd1e995);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return hash ^ (hash >>> 13);
  }

  #place(number: number, hash: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = (hash << 1) & mask;
    while (slots[at] !== 0) at = (at + 2) & mask;
    slots[at] = number;
    slots[at + 1] = hash;
  }

  #growArena(bytes: number): void {
    const size = Math.max(this.#arena.length * 2, this.#arenaBytes + bytes);
    assert(size < 2 ** 31, 'too many ids for one roster');
    const arena = Buffer.from(new SharedArrayBuffer(size));
    this.#arena.copy(arena, 0, 0, this.#arenaBytes);
    this.#arena = arena;
  }

  #grow(capacity: number): void {
    const widen = (old: Int32Array, size: number): Int32Array => {
      const wide = sharedWords(size);
      wide.set(old);
      return wide;
    };
    const states = new Uint8Array(new SharedArrayBuffer(capacity));
    states.set(this.states);
    this.states = states;
    this.entries = widen(this.entries, capacity);
    this.parents = widen(this.parents, capacity);
    this.#starts = widen(this.#starts, capacity + 1);
  }

  #growSlots(ids: number): void {
    const slots = this.#slots;
    this.#slots = sharedWords(slotWordsFor(ids));
    for (let at = 0; at < slots.length; at += SLOT_WORDS)
      if (slots[at] !== 0) this.#place(slots[at] as number, slots[at + 1] as number);
  }
}

/** Words of a power of two of slots: room for that many ids. */
function slotWordsFor(ids: number): number {
  return 2 ** Math.ceil(Math.log2((ids * 4) / 3)) * SLOT_WORDS;
}

function sharedWords(count: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
}
