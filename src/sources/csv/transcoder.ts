import type { TextEncoding } from './text-encoding.ts';

/** Makes UTF-8 of chunks of a file as they come, however they are cut; keeps three bytes at most. */
export interface Transcoder {
  /** Set when the bytes are not what they should be: nothing comes out after that. Lines are counted from 1. */
  readonly fault: { readonly line: number; readonly message: string } | null;
  push(chunk: Buffer): Buffer;
  /** The file ends. @returns whether it ends with a whole character. */
  end(): boolean;
}

export function openTranscoder(encoding: TextEncoding): Transcoder {
  switch (encoding) {
    case 'utf-8':
      return { fault: null, push: (chunk) => chunk, end: () => true };
    case 'windows-1250':
    case 'windows-1252':
      return { fault: null, push: (chunk) => fromWindows(chunk, LETTERS[encoding]), end: () => true };
    default:
      return new Utf16Transcoder(encoding === 'utf-16be');
  }
}

/** What the encodings have from 0x80 on; what is missing is as in Latin-1. */
const HIGH_HALF = {
  'windows-1250':
    '€\u0081‚\u0083„…†‡\u0088‰Š‹ŚŤŽŹ\u0090‘’“”•–—\u0098™š›śťžź' +
    '\u00a0ˇ˘Ł¤Ą¦§¨©Ş«¬\u00ad®Ż°±˛ł´µ¶·¸ąş»Ľ˝ľż' +
    'ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙',
  'windows-1252': '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ',
} as const;

/** In UTF-8. */
const LETTERS = {
  'windows-1250': Array.from(HIGH_HALF['windows-1250'], (letter) => Buffer.from(letter)),
  'windows-1252': Array.from({ length: 0x80 }, (_, i) =>
    Buffer.from(HIGH_HALF['windows-1252'][i] ?? String.fromCharCode(0x80 + i)),
  ),
};
/** In bytes of UTF-8. */
const LONGEST_LETTER = 3;

/** Not by TextDecoder, since some versions of Node take Latin-1 for it; by hand, since a callback for each letter takes eight times as long. */
function fromWindows(chunk: Buffer, letters: readonly Buffer[]): Buffer {
  const out = Buffer.allocUnsafe(chunk.length * LONGEST_LETTER);
  let size = 0;
  for (let i = 0; i < chunk.length; i += 1) {
    const byte = chunk[i] as number;
    if (byte < 0x80) out[size++] = byte;
    else {
      const letter = letters[byte - 0x80] as Buffer;
      for (let k = 0; k < letter.length; k += 1) out[size++] = letter[k] as number;
    }
  }
  return out.subarray(0, size);
}

class Utf16Transcoder implements Transcoder {
  fault: Transcoder['fault'] = null;
  readonly #bigEndian: boolean;
  #carry = Buffer.alloc(0);
  #line = 1;

  constructor(bigEndian: boolean) {
    this.#bigEndian = bigEndian;
  }

  push(chunk: Buffer): Buffer {
    if (this.fault !== null) return Buffer.alloc(0);
    const bytes = Buffer.concat([this.#carry, chunk]);
    let size = bytes.length & ~1;
    if (size >= 2 && isFirstHalf(this.#unitAt(bytes, size - 2))) size -= 2;
    this.#carry = Buffer.from(bytes.subarray(size));
    const units = bytes.subarray(0, size);
    if (this.#bigEndian) units.swap16();
    let text = units.toString('utf16le');
    const half = text.isWellFormed() ? -1 : text.search(/\p{Surrogate}/u);
    if (half !== -1) text = text.slice(0, half);
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#line += 1;
    if (half !== -1) this.fault = { line: this.#line, message: 'it holds half a character (a surrogate)' };
    return Buffer.from(text);
  }

  end(): boolean {
    return this.fault !== null || this.#carry.length === 0;
  }

  #unitAt(bytes: Buffer, at: number): number {
    return this.#bigEndian ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at);
  }
}

function isFirstHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
