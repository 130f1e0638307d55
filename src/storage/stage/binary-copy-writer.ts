import { must } from '#lib/assert.ts';

/** PGCOPY\n\377\r\n\0, flags, header extension (PostgreSQL manual, COPY, binary format). */
const HEADER = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');
const BLOCK_BYTES = 256 * 1024;

/**
 * Writes rows in PostgreSQL's binary COPY format into blocks. Half the work of the text format for both sides: uuids and
 * integers are copied, nothing is escaped.
 */
export class BinaryCopyWriter {
  rows = 0;
  /** Full blocks, to be sent. */
  readonly blocks: Buffer[] = [];
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #at: number;

  constructor() {
    this.#at = HEADER.copy(this.#block);
  }

  /** Begins a row of that many fields; all of them together take at most `maxBytes`. */
  beginRow(fieldCount: number, maxBytes: number): void {
    if (this.#at + maxBytes + 2 > this.#block.length) this.#nextBlock(maxBytes + 2);
    this.#at = this.#block.writeInt16BE(fieldCount, this.#at);
    this.rows += 1;
  }

  null(): void {
    this.#at = this.#block.writeInt32BE(-1, this.#at);
  }

  integer(value: number | null): void {
    if (value === null) {
      this.null();
      return;
    }
    this.#at = this.#block.writeInt32BE(4, this.#at);
    this.#at = this.#block.writeInt32BE(value, this.#at);
  }

  text(value: string | null): void {
    if (value === null) {
      this.null();
      return;
    }
    const length = this.#block.write(value, this.#at + 4);
    this.#block.writeInt32BE(length, this.#at);
    this.#at += 4 + length;
  }

  /** JSON text into a jsonb column (version 1 of its binary form). */
  jsonb(value: string | null): void {
    if (value === null) {
      this.null();
      return;
    }
    const length = this.#block.write(value, this.#at + 5);
    this.#block.writeInt32BE(length + 1, this.#at);
    this.#block[this.#at + 4] = 1;
    this.#at += 5 + length;
  }

  bytes(value: Uint8Array | null): void {
    if (value === null) {
      this.null();
      return;
    }
    this.#at = this.#block.writeInt32BE(value.length, this.#at);
    this.#block.set(value, this.#at);
    this.#at += value.length;
  }

  /** A uuid as text. */
  uuid(value: string | null): void {
    if (value === null) {
      this.null();
      return;
    }
    this.#at = this.#block.writeInt32BE(16, this.#at);
    this.#at += this.#block.write(value.replaceAll('-', ''), this.#at, 'hex');
  }

  /** Words of memory as they stand: four are a uuid, two an int8. */
  words(words: Int32Array, from: number, count: number): void {
    let at = this.#block.writeInt32BE(count * 4, this.#at);
    for (let i = from; i < from + count; i += 1) at = this.#block.writeInt32LE(words[i] as number, at);
    this.#at = at;
  }

  /** Fields that never change, encoded once by `encodeTexts`. */
  encoded(fields: Buffer): void {
    this.#at += fields.copy(this.#block, this.#at);
  }

  /** The end of the data; everything is in `blocks` now. */
  end(): void {
    if (this.#at + 2 > this.#block.length) this.#nextBlock(2);
    this.#at = this.#block.writeInt16BE(-1, this.#at);
    this.#nextBlock(0);
  }

  #nextBlock(minBytes: number): void {
    this.blocks.push(this.#block.subarray(0, this.#at));
    this.#block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, minBytes));
    this.#at = 0;
  }
}

/** Text fields as they stand in a row. */
export function encodeTexts(values: readonly string[]): Buffer {
  return Buffer.concat(
    values.flatMap((value) => {
      const text = Buffer.from(value);
      const length = Buffer.alloc(4);
      length.writeInt32BE(text.length);
      return [length, text];
    }),
  );
}

/** The bytes of a uuid. */
export function uuidBytes(uuid: string): Buffer {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  return must(bytes.length === 16 ? bytes : null, 'a uuid has 16 bytes');
}
