import { isUtf8 } from 'node:buffer';

/** null: none of them fits; read as UTF-8, the file gets a finding that says where it is none. */
export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

export const ENCODING_NAMES: Readonly<Record<TextEncoding, string>> = {
  'utf-8': 'UTF-8',
  'utf-16le': 'UTF-16 (little endian)',
  'utf-16be': 'UTF-16 (big endian)',
  'windows-1252': 'Windows-1252',
};

const LF = 0x0a;

/**
 * UTF-16 by its byte order mark, or by the zero bytes of a first line in ASCII. (UTF-32 starts with the mark of UTF-16,
 * and two zeros.) @param head the first bytes of the file, 64 of them if it has as many.
 */
export function detectUtf16(head: Buffer): 'utf-16le' | 'utf-16be' | null {
  if (head[0] === 0xff && head[1] === 0xfe) return head[2] === 0 && head[3] === 0 ? null : 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const lineEnd = head.indexOf(LF);
  const size = Math.min(64, lineEnd === -1 ? head.length : lineEnd) & ~1;
  if (size < 8) return null;
  let evenZeros = 0;
  let oddZeros = 0;
  for (let i = 0; i < size; i += 2) {
    if (head[i] === 0) evenZeros += 1;
    if (head[i + 1] === 0) oddZeros += 1;
  }
  if (oddZeros === size / 2 && evenZeros === 0) return 'utf-16le';
  if (evenZeros === size / 2 && oddZeros === 0) return 'utf-16be';
  return null;
}

/** Checks UTF-8 in chunks, however they are cut. */
export class Utf8Check {
  valid = true;
  /** The first bytes of a character whose others have not come yet. */
  #carry = Buffer.alloc(0);

  push(chunk: Buffer): void {
    if (!this.valid || chunk.length === 0) return;
    let from = 0;
    if (this.#carry.length > 0) {
      from = Math.min(lengthOfCharacter(this.#carry[0] as number) - this.#carry.length, chunk.length);
      this.#carry = Buffer.concat([this.#carry, chunk.subarray(0, from)]);
      if (this.#carry.length < lengthOfCharacter(this.#carry[0] as number)) return;
      this.valid = isUtf8(this.#carry);
      this.#carry = Buffer.alloc(0);
    }
    let to = chunk.length;
    for (let back = 1; back <= 3 && chunk.length - back >= from; back += 1) {
      const length = lengthOfCharacter(chunk[chunk.length - back] as number);
      if (length === 0) continue;
      if (length > back) to = chunk.length - back;
      break;
    }
    this.valid = this.valid && isUtf8(chunk.subarray(from, to));
    this.#carry = Buffer.from(chunk.subarray(to));
  }

  end(): void {
    if (this.#carry.length > 0) this.valid = false;
  }
}

/** By its first byte; 0: a byte inside a character, 1: also one that is none. */
function lengthOfCharacter(byte: number): number {
  if (byte < 0x80) return 1;
  if (byte < 0xc0) return 0;
  if (byte < 0xe0) return 2;
  if (byte < 0xf0) return 3;
  return byte < 0xf5 ? 4 : 1;
}

/**
 * Whether bytes that are not UTF-8 are Windows-1252, beyond doubt. They are not when they hold a NUL or a byte that it does
 * not define; when characters of UTF-8 stand among them (two exports were joined, or a character was cut off); or when their
 * letters beyond ASCII come in whole words, as those of another alphabet do.
 */
export class Windows1252Check {
  /** The first byte that Windows-1252 has nothing for. */
  undefinedByte: number | null = null;
  /** Bytes above 0x7f: in something that looks like UTF-8, in runs of four and more letters, all others. */
  #utf8Characters = 0;
  #inWords = 0;
  #alone = 0;
  #run: number[] = [];

  push(chunk: Buffer): void {
    for (let i = 0; i < chunk.length && this.undefinedByte === null; i += 1) {
      const byte = chunk[i] as number;
      if (byte >= 0x80) {
        if (UNDEFINED_BYTES.has(byte)) this.undefinedByte = byte;
        this.#run.push(byte);
        if (this.#run.length >= MAX_RUN) this.#endRun();
      } else {
        if (byte === 0) this.undefinedByte = 0;
        if (this.#run.length > 0) this.#endRun();
      }
    }
  }

  /** The file ends: what is it not, in words; null: it is Windows-1252. */
  end(): string | null {
    // A file that ends with the beginning of a character, and has nothing else beyond ASCII, may be either.
    const [first = 0] = this.#run;
    const run = this.#run;
    const cutOff =
      this.#alone + this.#inWords + this.#utf8Characters === 0 &&
      lengthOfCharacter(first) > run.length &&
      isContinued(run, 0, run.length);
    this.#endRun();
    if (this.undefinedByte === 0) return 'it holds zero bytes';
    if (this.undefinedByte !== null)
      return `it holds the byte 0x${this.undefinedByte.toString(16)}, which is no character there`;
    if (this.#utf8Characters * 10 > this.#alone + this.#inWords) return 'other parts of the file are UTF-8';
    if (this.#inWords * 10 > this.#alone) return 'its letters seem to be of another alphabet';
    if (cutOff) return 'it may have been cut off inside a character';
    return null;
  }

  #endRun(): void {
    const run = this.#run;
    for (let i = 0; i < run.length;) {
      const length = lengthOfCharacter(run[i] as number);
      if (length > 1 && i + length <= run.length && isContinued(run, i, length)) {
        this.#utf8Characters += 1;
        i += length;
      } else {
        let letters = i;
        while (letters < run.length && (run[letters] as number) >= 0xc0) letters += 1;
        if (letters - i >= 4) this.#inWords += letters - i;
        else this.#alone += Math.max(1, letters - i);
        i = Math.max(i + 1, letters);
      }
    }
    this.#run = [];
  }
}

/** Longer runs are looked at in parts. */
const MAX_RUN = 64;
const UNDEFINED_BYTES: ReadonlySet<number> = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

function isContinued(bytes: readonly number[], start: number, length: number): boolean {
  for (let i = start + 1; i < start + length; i += 1)
    if (((bytes[i] as number) & 0xc0) !== 0x80) return false;
  return true;
}
