import { assert } from '#lib/assert.ts';

import { PagedWords } from './paged-words.ts';

/** Records that are found by their keys. Keys are keyed hashes already, so their first word serves as hash. */
export interface KeyedRecords {
  readonly size: number;
  hasKey(entry: number, key: Int32Array): boolean;
  firstWordOf(entry: number): number;
  secondWordOf(entry: number): number;
}

/** Finds entries by their keys. Records that came since the last time are taken in when the next one is looked for. */
export interface KeySlots {
  /** The entry of a key (four words), or -1. */
  find(key: Int32Array): number;
  close(): void;
}

/** So many entries are placed in parts. */
const MANY = 100_000;
/** 2^11 parts: of ten million entries each has 64 KiB of slots. */
const PARTS_BITS = 11;

/** In memory: 8 to 16 bytes an entry. */
export class KeySlotsInMemory implements KeySlots {
  readonly #records: KeyedRecords;
  #slots = new Int32Array(0);
  /** Entries below that number are in the slots. */
  #placed = 0;

  constructor(records: KeyedRecords) {
    this.#records = records;
  }

  find(key: Int32Array): number {
    const records = this.#records;
    if (this.#placed < records.size) this.#placeAll();
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = (key[0] as number) & mask; ; slot = (slot + 1) & mask) {
      const entry = (slots[slot] as number) - 1;
      if (entry === -1 || records.hasKey(entry, key)) return entry;
    }
  }

  close(): void {
    this.#slots = new Int32Array(0);
    this.#placed = 0;
  }

  #placeAll(): void {
    const { size } = this.#records;
    if (this.#slots.length < slotsFor(size)) {
      this.#slots = new Int32Array(slotsFor(Math.ceil(size * 1.1)));
      this.#placed = 0;
    }
    if (size - this.#placed > MANY) this.#placeByPart();
    for (; this.#placed < size; this.#placed += 1)
      this.#place(this.#placed, this.#records.firstWordOf(this.#placed));
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
    const records = this.#records;
    const from = this.#placed;
    const count = records.size - from;
    const mask = this.#slots.length - 1;
    const shift = Math.max(0, Math.log2(this.#slots.length) - PARTS_BITS);
    const ends = new Int32Array(2 ** PARTS_BITS + 1);
    for (let entry = from; entry < records.size; entry += 1) {
      const part = (records.firstWordOf(entry) & mask) >>> shift;
      ends[part + 1] = (ends[part + 1] as number) + 1;
    }
    for (let part = 1; part < ends.length; part += 1)
      ends[part] = (ends[part] as number) + (ends[part - 1] as number);
    const entries = new Int32Array(count);
    const hashes = new Int32Array(count);
    for (let entry = from; entry < records.size; entry += 1) {
      const hash = records.firstWordOf(entry);
      const part = (hash & mask) >>> shift;
      const at = ends[part] as number;
      ends[part] = at + 1;
      entries[at] = entry;
      hashes[at] = hash;
    }
    for (let at = 0; at < count; at += 1) this.#place(entries[at] as number, hashes[at] as number);
    this.#placed = records.size;
  }
}

/** A power of two, at most half full. */
function slotsFor(entries: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(entries, 16) * 2));
}

/** Two words a slot: the entry and one more, or 0; and the second word of its key, so that no other record is read. */
const SLOT_WORDS = 2;
const PAGE_SLOTS = 512;
const PAGE_BITS = 9;
/** 64 MiB of them are in memory at most: one part. */
const MAX_PAGES = 2 ** 14;
const PART_BITS = PAGE_BITS + 14;
/** Of a page; keys are spread so evenly that none is ever full. */
const MAX_LOAD = 0.65;

/** In a file: at most 64 MiB of memory however many there are. An entry is in the page that its hash names. */
export class KeySlotsOnDisk implements KeySlots {
  readonly #records: KeyedRecords;
  readonly #directory: string;
  #pages: PagedWords | null = null;
  #slotCount = 0;
  #placed = 0;

  constructor(records: KeyedRecords, directory: string) {
    this.#records = records;
    this.#directory = directory;
  }

  find(key: Int32Array): number {
    const records = this.#records;
    const pages = this.#placed < records.size ? this.#placeAll() : this.#pages;
    if (pages === null) return -1;
    const { words } = pages;
    const hash = key[0] as number;
    const from = pages.page((hash & (this.#slotCount - 1)) >>> PAGE_BITS);
    for (let slot = hash & (PAGE_SLOTS - 1); ; slot = (slot + 1) & (PAGE_SLOTS - 1)) {
      const at = from + slot * SLOT_WORDS;
      const entry = (words[at] as number) - 1;
      if (entry === -1 || (words[at + 1] === key[1] && records.hasKey(entry, key))) return entry;
    }
  }

  close(): void {
    this.#pages?.close();
    this.#pages = null;
    this.#placed = 0;
    this.#slotCount = 0;
  }

  #placeAll(): PagedWords {
    const records = this.#records;
    const { size } = records;
    if (this.#pages === null || size > this.#slotCount * MAX_LOAD) {
      this.close();
      this.#slotCount = 2 ** Math.ceil(Math.log2(Math.max((size * 1.1) / MAX_LOAD, PAGE_SLOTS)));
    }
    this.#pages ??= new PagedWords(this.#directory, {
      pageWords: PAGE_SLOTS * SLOT_WORDS,
      pages: Math.min(MAX_PAGES, this.#slotCount / PAGE_SLOTS),
    });
    const from = this.#placed;
    const mask = this.#slotCount - 1;
    // A part of the slots after the other, so that its pages stay in memory while it is filled.
    const parts = size - from > MANY ? Math.ceil(this.#slotCount / 2 ** PART_BITS) : 1;
    for (let part = 0; part < parts; part += 1)
      for (let entry = from; entry < size; entry += 1) {
        const hash = records.firstWordOf(entry) & mask;
        if (parts === 1 || hash >>> PART_BITS === part) this.#place(this.#pages, entry, hash);
      }
    this.#placed = size;
    return this.#pages;
  }

  #place(pages: PagedWords, entry: number, hash: number): void {
    const { words } = pages;
    const from = pages.page(hash >>> PAGE_BITS, true);
    let slot = hash & (PAGE_SLOTS - 1);
    for (let tries = 0; words[from + slot * SLOT_WORDS] !== 0; tries += 1) {
      assert(tries < PAGE_SLOTS, 'keys are spread evenly');
      slot = (slot + 1) & (PAGE_SLOTS - 1);
    }
    words[from + slot * SLOT_WORDS] = entry + 1;
    words[from + slot * SLOT_WORDS + 1] = this.#records.secondWordOf(entry);
  }
}
