import { assert } from '#lib/assert.ts';

/** Byte strings by number, one behind the other in one buffer. */
export class ByteArena {
  size = 0;
  #bytes = Buffer.allocUnsafeSlow(16 * 1024);
  /** String i ends where the next starts. */
  #starts = new Int32Array(257);

  /** Keeps a copy. @returns its number. */
  add(bytes: Buffer, start: number, end: number): number {
    const number = this.size;
    const at = this.#starts[number] as number;
    const length = end - start;
    if (at + length > this.#bytes.length) this.#growBytes(at, length);
    if (number + 2 > this.#starts.length) {
      const starts = new Int32Array(this.#starts.length * 2);
      starts.set(this.#starts);
      this.#starts = starts;
    }
    bytes.copy(this.#bytes, at, start, end);
    this.#starts[number + 1] = at + length;
    this.size += 1;
    return number;
  }

  /** Where the string is, until the next one is added. */
  range(number: number): { readonly bytes: Buffer; readonly start: number; readonly end: number } {
    return {
      bytes: this.#bytes,
      start: this.#starts[number] as number,
      end: this.#starts[number + 1] as number,
    };
  }

  text(number: number): string {
    return this.#bytes.toString('utf8', this.#starts[number], this.#starts[number + 1]);
  }

  /** By bytes, as `Buffer.compare` does. */
  compare(first: number, second: number): number {
    if (first === second) return 0;
    const [a, b] = [this.range(first), this.range(second)];
    return this.#bytes.compare(this.#bytes, b.start, b.end, a.start, a.end);
  }

  #growBytes(used: number, more: number): void {
    const size = Math.max(this.#bytes.length * 2, used + more);
    assert(size < 2 ** 31, 'too many values for one roster');
    const bytes = Buffer.allocUnsafeSlow(size);
    this.#bytes.copy(bytes, 0, 0, used);
    this.#bytes = bytes;
  }
}
