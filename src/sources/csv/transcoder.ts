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
      return { fault: null, push: (chunk) => fromWindows(chunk, HIGH_HALF[encoding]), end: () => true };
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

/** Not by TextDecoder, since some versions of Node take Latin-1 for it. */
function fromWindows(chunk: Buffer, highHalf: string): Buffer {
  const text = chunk.toString('latin1');
  return Buffer.from(
    text.replaceAll(/[\u0080-\u00ff]/g, (character) => highHalf[character.charCodeAt(0) - 0x80] ?? character),
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
