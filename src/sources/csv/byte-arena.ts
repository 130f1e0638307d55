import { assert } from '#lib/assert.ts';

/** Byte strings by number, one behind the other in one buffer. */
export class ByteArena {
  size = 0;
  /** String i is `bytes[starts[i] .. starts[i + 1])`; both move when strings are added. */
  bytes = Buffer.allocUnsafeSlow(16 * 1024);
  starts = new Int32Array(257);
  /** Where the string under way ends. */
  #end = 0;

  /** Adds to the string under way. */
  append(bytes: Buffer, start: number, end: number): void {
    this.#reserve(end - start);
    const into = this.bytes;
    let at = this.#end;
    // Short values are the rule: a loop is quicker than a call.
    if (end - start < 32) for (let i = start; i < end; i += 1, at += 1) into[at] = bytes[i] as number;
    else at += bytes.copy(into, at, start, end);
    this.#end = at;
  }

  appendByte(byte: number): void {
    this.#reserve(1);
    this.bytes[this.#end] = byte;
    this.#end += 1;
  }

  /** The string under way is whole. @returns its number. */
  seal(): number {
    const number = this.size;
    if (number + 2 > this.starts.length) {
      const starts = new Int32Array(this.starts.length * 2);
      starts.set(this.starts);
      this.starts = starts;
    }
    this.size += 1;
    this.starts[this.size] = this.#end;
    return number;
  }

  text(number: number): string {
    return this.bytes.toString('utf8', this.starts[number], this.starts[number + 1]);
  }

  /** By bytes, as `Buffer.compare` does. */
  compare(first: number, second: number): number {
    if (first === second) return 0;
    const { bytes, starts } = this;
    const from = starts[first] as number;
    const to = starts[second] as number;
    const firstLength = (starts[first + 1] as number) - from;
    const secondLength = (starts[second + 1] as number) - to;
    const common = Math.min(firstLength, secondLength);
    for (let i = 0; i < common; i += 1) {
      const difference = (bytes[from + i] as number) - (bytes[to + i] as number);
      if (difference !== 0) return difference;
    }
    return firstLength - secondLength;
  }

  #reserve(more: number): void {
    if (this.#end + more <= this.bytes.length) return;
    const size = Math.max(this.bytes.length * 2, this.#end + more);
    assert(size < 2 ** 31, 'too many values for one roster');
    const bytes = Buffer.allocUnsafeSlow(size);
    this.bytes.copy(bytes, 0, 0, this.#end);
    this.bytes = bytes;
  }
}
