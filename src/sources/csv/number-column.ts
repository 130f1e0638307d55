/** Of a number that nothing was set for. */
export const NONE = -1;

/** Numbers from -1 on, by the number of an id: four bytes each, outside of the heap, where arrays and maps of millions are not. */
export class NumberColumn {
  #words = new Int32Array(1024).fill(NONE);

  get(index: number): number {
    return this.#words[index] ?? NONE;
  }

  set(index: number, value: number): void {
    if (index >= this.#words.length) this.#grow(Math.max(this.#words.length * 2, index + 1));
    this.#words[index] = value;
  }

  #grow(capacity: number): void {
    const words = new Int32Array(capacity);
    words.set(this.#words);
    words.fill(NONE, this.#words.length);
    this.#words = words;
  }
}
