/** No one has the name yet. */
export const NOBODYS = -1;

/** The hash, and the mark of whose it is and one more, or 0. */
const SLOT_WORDS = 3;

/**
 * Whose the user names of a roster are: by their hashes alone (RecordHash.hashName: 64 bits, so that of a million names two have the same with a
 * chance of one in 30 million, and one of them is reported as being there twice). 16 to 32 bytes a name.
 */
export class NameTable {
  #slots: Int32Array;
  #size = 0;

  /** `expected`: how many names are likely to come. */
  constructor(expected = 1024) {
    this.#slots = new Int32Array(slotWordsFor(expected));
  }

  /** Room for about so many names at once. Where half of it is there it stays. */
  reserve(names: number): void {
    if (slotWordsFor(names) > this.#slots.length * 2) this.#grow(names);
  }

  /** The mark of whoever has the name whose hash stands at `at`, or NOBODYS. */
  find(words: Int32Array, at: number): number {
    return (this.#slots[this.#slotOf(words, at) + 2] as number) - 1;
  }

  /** Gives the name to `mark` if it is nobody's. @returns the mark of whoever has it now. */
  take(words: Int32Array, at: number, mark: number): number {
    const slots = this.#slots;
    const slot = this.#slotOf(words, at);
    const known = (slots[slot + 2] as number) - 1;
    if (known !== NOBODYS) return known;
    slots[slot] = words[at] as number;
    slots[slot + 1] = words[at + 1] as number;
    slots[slot + 2] = mark + 1;
    this.#size += 1;
    if (this.#size * SLOT_WORDS * 4 > slots.length * 3) this.#grow(this.#size * 2);
    return mark;
  }

  /** Where the hash stands, or would stand. */
  #slotOf(words: Int32Array, at: number): number {
    const slots = this.#slots;
    const count = slots.length / SLOT_WORDS;
    const first = words[at] as number;
    for (let number = first & (count - 1); ; number = (number + 1) & (count - 1)) {
      const slot = number * SLOT_WORDS;
      if (slots[slot + 2] === 0) return slot;
      if (slots[slot] === first && slots[slot + 1] === words[at + 1]) return slot;
    }
  }

  #grow(names: number): void {
    const old = this.#slots;
    this.#slots = new Int32Array(slotWordsFor(names));
    for (let slot = 0; slot < old.length; slot += SLOT_WORDS)
      if (old[slot + 2] !== 0)
        this.#slots.set(old.subarray(slot, slot + SLOT_WORDS), this.#slotOf(old, slot));
  }
}

/** Words of a power of two of slots, at most three quarters full. */
function slotWordsFor(names: number): number {
  return 2 ** Math.ceil(Math.log2((Math.max(names, 16) * 4) / 3)) * SLOT_WORDS;
}
