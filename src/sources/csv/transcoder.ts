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
    case 'windows-1252':
      return { fault: null, push: fromWindows1252, end: () => true };
    default:
      return new Utf16Transcoder(encoding === 'utf-16be');
  }
}

/** What Windows-1252 has from 0x80 on; everywhere else it is Latin-1. */
const FROM_0X80 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** Not by TextDecoder, since some versions of Node take Latin-1 for it. */
function fromWindows1252(chunk: Buffer): Buffer {
  const text = chunk.toString('latin1');
  return Buffer.from(
    text.replaceAll(/[\u0080-\u009f]/g, (character) => FROM_0X80.charAt(character.charCodeAt(0) - 0x80)),
  );
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
