import type { WindowsEncoding } from '#core/roster/formats.ts';

import { lengthOfCharacter } from './text-encoding.ts';

export interface WindowsVerdict {
  readonly encoding: WindowsEncoding;
  /** What the bytes are not, in words; null: they are of that encoding. */
  readonly problem: string | null;
}

const UNDEFINED: Readonly<Record<WindowsEncoding, ReadonlySet<number>>> = {
  'windows-1250': new Set([0x81, 0x83, 0x88, 0x90, 0x98]),
  'windows-1252': new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]),
};

/** Letters that Windows-1252 has nothing for: Ť, Ź, ť. */
const CENTRAL_ALONE: ReadonlySet<number> = new Set([0x8d, 0x8f, 0x9d]);
/** Letters of Windows-1250 and of ISO 8859-2 that are signs in Windows-1252, which stand inside no word: Ł, Ż, ł, ż. */
const CENTRAL: ReadonlySet<number> = new Set([0xa3, 0xaf, 0xb3, 0xbf]);
/** Of them, those that words begin with: Ł, Ż. */
const CENTRAL_FIRST: ReadonlySet<number> = new Set([0xa3, 0xaf]);
/** Other letters in Windows-1250 (Ą, ą, Ľ, ľ) than in ISO 8859-2 (Ľ, š, ź, ž). */
const EITHER: ReadonlySet<number> = new Set([0xa5, 0xb9, 0xbc, 0xbe]);
/** Letters of ISO 8859-2 (Ś, Ź, ą, ś, ť) that are signs in both encodings. */
const ISO: ReadonlySet<number> = new Set([0xa6, 0xac, 0xb1, 0xb6, 0xbb]);

/** Longer runs are looked at in parts. */
const MAX_RUN = 64;

/**
 * Whether bytes that are not UTF-8 are Windows-1252 or Windows-1250, beyond doubt. They are not when they hold a NUL or a byte that is not
 * defined; when characters of UTF-8 stand among them (two exports were joined, or a character was cut off); or when their letters beyond ASCII
 * come in whole words, as those of another alphabet do. Of the two it is Windows-1250 when what is a sign in the other stands inside words.
 * `wanted`: somebody knows which it is.
 */
export class WindowsCheck {
  /** It is neither, whatever comes. */
  hopeless = false;
  readonly #wanted: WindowsEncoding | null;
  /** The first byte that the encoding has nothing for. */
  readonly #undefinedByte: Partial<Record<WindowsEncoding, number>> = {};
  /** Bytes above 0x7f: in something that looks like UTF-8, in runs of four and more letters, all others. */
  #utf8Characters = 0;
  #inWords = 0;
  #alone = 0;
  #run: number[] = [];
  /** Bytes that stand where letters do, by whose letters they are. */
  #central = 0;
  #either = 0;
  #iso = 0;
  /** ISO 8859-2 has no characters below 0xa0. */
  #belowIso = false;
  #last = 0;
  #beforeLast = 0;

  constructor(wanted: WindowsEncoding | null) {
    this.#wanted = wanted;
  }

  push(chunk: Buffer): void {
    for (let i = 0; i < chunk.length && !this.hopeless; i += 1) {
      i = this.#passAscii(chunk, i);
      if (i < chunk.length) this.#take(chunk[i] as number);
    }
  }

  /** Passes over ASCII behind ASCII, most of any file, of which nothing is asked but the zeros. @returns where other bytes begin. */
  #passAscii(chunk: Buffer, from: number): number {
    if (this.#last >= 0x80) return from;
    let at = from;
    while (at < chunk.length && (chunk[at] as number) < 0x80 && chunk[at] !== 0) at += 1;
    if (at > from) {
      this.#beforeLast = at > from + 1 ? (chunk[at - 2] as number) : this.#last;
      this.#last = chunk[at - 1] as number;
    }
    return at;
  }

  #take(byte: number): void {
    if (this.#last >= 0x80) this.#weigh(byte);
    this.#beforeLast = this.#last;
    this.#last = byte;
    if (byte >= 0x80) {
      for (const encoding of ['windows-1250', 'windows-1252'] as const)
        if (UNDEFINED[encoding].has(byte)) this.#undefinedByte[encoding] ??= byte;
      this.#run.push(byte);
      if (this.#run.length >= MAX_RUN) this.#endRun();
    } else {
      if (byte === 0) this.hopeless = true;
      if (this.#run.length > 0) this.#endRun();
    }
  }

  /** The file ends. */
  end(): WindowsVerdict {
    // A file that ends with the beginning of a character, and has nothing else beyond ASCII, may be either.
    const [first = 0] = this.#run;
    const run = this.#run;
    const cutOff =
      this.#alone + this.#inWords + this.#utf8Characters === 0 &&
      lengthOfCharacter(first) > run.length &&
      isContinued(run, 0, run.length);
    if (this.#last >= 0x80) this.#weigh(0);
    this.#endRun();
    const encoding = this.#wanted ?? (this.#isCentral() ? 'windows-1250' : 'windows-1252');
    return {
      encoding,
      problem: this.#problemOf(encoding) ?? (cutOff ? 'it may have been cut off inside a character' : null),
    };
  }

  #isCentral(): boolean {
    return this.#central + this.#either > 0;
  }

  #problemOf(encoding: WindowsEncoding): string | null {
    if (this.hopeless) return 'it holds zero bytes';
    const undefinedByte = this.#undefinedByte[encoding];
    if (undefinedByte !== undefined)
      return `it holds the byte 0x${undefinedByte.toString(16)}, which is no character there`;
    if (this.#utf8Characters * 10 > this.#alone + this.#inWords) return 'other parts of the file are UTF-8';
    if (this.#wanted !== null) return null;
    if (this.#inWords * 10 > this.#alone) return 'its letters seem to be of another alphabet';
    if (this.#iso > 0 || (this.#either > 0 && !this.#belowIso))
      return 'its letters may be of Windows-1250 or of ISO 8859-2, and nobody can tell which';
    return null;
  }

  /** Counts the last byte by what it stands between. */
  #weigh(after: number): void {
    const byte = this.#last;
    const inside = isLetter(this.#beforeLast) && isLetter(after);
    if (byte < 0xa0) this.#belowIso = true;
    if (CENTRAL_ALONE.has(byte)) {
      if (isLetter(this.#beforeLast) || isLetter(after)) this.#central += 1;
    } else if (CENTRAL.has(byte)) {
      const begins = CENTRAL_FIRST.has(byte) && this.#beforeLast < 0x80 && isLetter(after);
      if (inside || begins) this.#central += 1;
    } else if (inside && EITHER.has(byte)) this.#either += 1;
    else if (inside && ISO.has(byte)) this.#iso += 1;
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
    run.length = 0;
  }
}

/** Of ASCII, or of both encodings: from 0xc0 on all but two are letters. */
function isLetter(byte: number): boolean {
  if (byte >= 0xc0) return byte !== 0xd7 && byte !== 0xf7;
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
}

function isContinued(run: readonly number[], start: number, length: number): boolean {
  for (let i = start + 1; i < start + length; i += 1) if (((run[i] as number) & 0xc0) !== 0x80) return false;
  return true;
}
