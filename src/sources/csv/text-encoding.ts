import { isUtf8 } from 'node:buffer';

import type { WindowsEncoding } from '#core/roster/formats.ts';

export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | WindowsEncoding;

export const ENCODING_NAMES: Readonly<Record<TextEncoding, string>> = {
  'utf-8': 'UTF-8',
  'utf-16le': 'UTF-16 (little endian)',
  'utf-16be': 'UTF-16 (big endian)',
  'windows-1250': 'Windows-1250',
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
export function lengthOfCharacter(byte: number): number {
  if (byte < 0x80) return 1;
  if (byte < 0xc0) return 0;
  if (byte < 0xe0) return 2;
  if (byte < 0xf0) return 3;
  return byte < 0xf5 ? 4 : 1;
}
