import { isAscii, isUtf8 } from 'node:buffer';

/**
 * Why a row cannot be taken as it is. `fields` of such a row are those read before the fault.
 * brokenQuote: a quote is not closed on its line, or stands inside a value; controlCharacter: one of U+0000 to U+001F (but the tab) or U+007F to U+009F in
 * a value;
 * cutOff: the file ends between the bytes of a character.
 */
export type RowFault = 'brokenQuote' | 'tooLong' | 'tooManyFields' | 'controlCharacter' | 'cutOff';

/**
 * One row, valid until the handler returns: field i is `bytes[starts[i] .. ends[i])`, unquoted, blanks and tabs around
 * it left out. The handler may change a field: shorten it, write over it and over what separates it from the next, or put the row's fields
 * into other bytes. One object serves all rows, so that reading makes no garbage.
 */
export interface CsvRow {
  bytes: Buffer;
  /** Where its line starts in `bytes`, as long as the handler has not moved the fields. */
  start: number;
  /** The first line of a file is 1. */
  line: number;
  count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  fault: RowFault | null;
  /** Of a row with a fault: no more fields can be in its line, read or not. Where a run of zeros stands in place of other bytes nobody can tell. */
  fieldsAtMost: number;
  /** The last row of a file that does not end with a line break: perhaps cut off. */
  withoutBreak: boolean;
}

export interface EncodingFault {
  readonly line: number;
  /** Where the first character that is none starts, in bytes from the start of the line. */
  readonly byte: number;
}

export interface CsvLimits {
  readonly maxRowBytes: number;
  readonly maxColumns: number;
}

export const CSV_LIMITS: CsvLimits = { maxRowBytes: 1024 * 1024, maxColumns: 1000 };

const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const BLANK = 0x20;
const QUOTE = 0x22;
const DEL = 0x7f;
/** First byte of U+0080 to U+00BF in UTF-8. */
const C1 = 0xc2;
const BOM_BYTES = 3;
/** A BOM, quotes, the separators of empty columns that a spreadsheet adds. */
const LONGEST_DECLARATION = 1024;
/** One may be a slip of an exporter; more stand where bytes were lost. */
const ZEROS = Buffer.alloc(2);

/** What stands between the fields. */
export type Separator = ',' | ';' | '\t';

/**
 * Reads CSV (RFC 4180, UTF-8, line breaks LF or CRLF, none inside values) from chunks as they come; how they are cut makes no
 * difference. A first line `sep=;`, which spreadsheets take for a word about the separator, a BOM before a line and blank rows (nothing but separators, blanks and empty quotes) are skipped; after a bad row reading goes on with the
 * next line. A chunk is the reader's to change: doubled quotes are undone in place.
 */
export class CsvReader {
  /** Set when the file is not UTF-8: nothing is read after that. */
  encodingFault: EncodingFault | null = null;
  readonly #onRow: (row: CsvRow) => void;
  readonly #limits: CsvLimits;
  readonly #separator: number;
  readonly #row: CsvRow;
  /** The beginning of a line whose end has not come yet. */
  #carry: Buffer[] = [];
  #carryBytes = 0;
  /** The line under way is over the limit: its bytes are dropped until it ends. */
  #skipping = false;
  #atStart = true;
  /** Characters of several bytes were met: it is UTF-8 indeed. */
  #provenUtf8 = false;
  /** The file ends between the bytes of a character. */
  #cutOff = false;
  /** Control characters above 0x7e are in the lines under way: rare, so that only then rows are searched for them. */
  #mayHoldControls = false;

  constructor(onRow: (row: CsvRow) => void, limits: CsvLimits = CSV_LIMITS, separator: Separator = ',') {
    this.#onRow = onRow;
    this.#limits = limits;
    this.#separator = separator.charCodeAt(0);
    this.#row = {
      bytes: Buffer.alloc(0),
      start: 0,
      line: 0,
      count: 0,
      starts: new Int32Array(limits.maxColumns + 1),
      ends: new Int32Array(limits.maxColumns + 1),
      fault: null,
      fieldsAtMost: 0,
      withoutBreak: false,
    };
  }

  /** All that came was whole lines, and they were UTF-8. */
  get isBetweenLines(): boolean {
    return this.#carryBytes === 0 && !this.#skipping && this.encodingFault === null;
  }

  /** The line that was read last. */
  get line(): number {
    return this.#row.line;
  }

  /** What comes next is behind this line: others have read it. `provenUtf8`: they met characters of several bytes. */
  goTo(line: number, provenUtf8 = false): void {
    this.#row.line = line;
    this.#atStart = false;
    this.#provenUtf8 ||= provenUtf8;
  }

  /** Gives back the beginning of a line whose end has not come yet; null: its bytes are gone, since it is too long. */
  giveBack(): Buffer | null {
    if (this.#skipping) return null;
    const line = Buffer.concat(this.#carry);
    this.#carry = [];
    this.#carryBytes = 0;
    return line;
  }

  /** Characters of several bytes were met. */
  get provenUtf8(): boolean {
    return this.#provenUtf8;
  }

  push(chunk: Buffer): void {
    if (this.encodingFault !== null) return;
    let from = 0;
    if (this.#carryBytes > 0 || this.#skipping) {
      from = chunk.indexOf(LF) + 1;
      if (from === 0) {
        this.#carryOn(chunk);
        return;
      }
      this.#carryOn(chunk.subarray(0, from));
      this.#finishCarried();
    }
    const to = chunk.lastIndexOf(LF) + 1;
    if (to > from) this.#read(chunk.subarray(from, to));
    if (Math.max(from, to) < chunk.length) this.#carryOn(chunk.subarray(Math.max(from, to)));
  }

  /** The file ends: reads a last line that has no line break. */
  end(): void {
    if (this.encodingFault !== null || (this.#carryBytes === 0 && !this.#skipping)) return;
    this.#row.withoutBreak = true;
    this.#cutLastCharacter();
    this.#carryOn(Buffer.from([LF]));
    this.#finishCarried();
  }

  #carryOn(part: Buffer): void {
    if (this.#skipping) return;
    this.#carryBytes += part.length;
    if (this.#carryBytes > this.#limits.maxRowBytes + 2) {
      this.#skipping = true;
      this.#carry = [];
      this.#carryBytes = 0;
    } else {
      // A copy: the chunk may be a small part of a large buffer, or be used again by whoever gave it.
      this.#carry.push(Buffer.from(part));
    }
  }

  /** Leaves half a character out. In a file of ASCII but for that byte it may be a letter of another encoding as well. */
  #cutLastCharacter(): void {
    const line = Buffer.concat(this.#carry);
    if (isUtf8(line) || !isStartOfUtf8(line)) return;
    let end = line.length - 1;
    while (!isUtf8(line.subarray(0, end))) end -= 1;
    if (!this.#provenUtf8 && isAscii(line.subarray(0, end))) return;
    this.#cutOff = true;
    this.#carry = [line.subarray(0, end)];
    this.#carryBytes = end;
  }

  /** The carried line has its end. */
  #finishCarried(): void {
    if (this.#skipping) {
      this.#skipping = false;
      this.#atStart = false;
      this.#row.line += 1;
      this.#report('tooLong', 0);
      return;
    }
    const line = this.#carry.length === 1 ? this.#carry[0] : Buffer.concat(this.#carry);
    this.#carry = [];
    this.#carryBytes = 0;
    if (line !== undefined) this.#read(line);
  }

  #report(fault: RowFault | null, count: number): void {
    this.#row.fault = this.#cutOff ? 'cutOff' : fault;
    if (fault === 'tooLong') this.#row.fieldsAtMost = 0;
    this.#row.count = count;
    this.#onRow(this.#row);
  }

  /** Reads whole lines. */
  #read(lines: Buffer): void {
    if (this.encodingFault !== null) return;
    // A line break never lies inside a character, so whole lines can be checked by themselves.
    if (!isUtf8(lines)) {
      this.encodingFault = findEncodingFault(lines, this.#row.line);
      return;
    }
    this.#provenUtf8 ||= !isAscii(lines);
    let from = 0;
    if (this.#atStart) {
      this.#atStart = false;
      if (declaredSeparator(lines) !== null) {
        from = lines.indexOf(LF) + 1;
        this.#row.line += 1;
      }
    }
    this.#row.bytes = lines;
    this.#mayHoldControls = lines.includes(DEL) || findC1(lines, 0, lines.length) !== -1;
    this.#split(lines, from);
  }

  #split(bytes: Buffer, from: number): void {
    const row = this.#row;
    const { starts, ends } = row;
    const { maxRowBytes, maxColumns } = this.#limits;
    const separator = this.#separator;
    const lastSpecial = Math.max(separator, QUOTE);
    const size = bytes.length;
    let at = from;
    while (at < size) {
      const rowStart = at;
      row.start = rowStart;
      let count = 0;
      let fault: RowFault | null = null;
      let blank = true;
      row.line += 1;
      // Files that were joined to one: each brought its own.
      if (hasBomAt(bytes, at)) at += BOM_BYTES;
      // One field per turn; `at` ends on the separator or the line feed behind it.
      for (;;) {
        let start = at;
        let end: number;
        let byte = bytes[at] as number;
        if (byte === QUOTE) {
          start = at + 1;
          let out = start;
          at = start;
          for (;;) {
            byte = bytes[at] as number;
            if (byte === QUOTE) {
              if (bytes[at + 1] !== QUOTE) break;
              at += 1;
            } else if (byte < BLANK && byte !== TAB) {
              if (byte === LF) break;
              fault ??= 'controlCharacter';
            }
            if (out !== at) bytes[out] = byte;
            out += 1;
            at += 1;
          }
          end = out;
          const closed = byte === QUOTE;
          if (closed) at += 1;
          byte = bytes[at] as number;
          if (byte === CR && bytes[at + 1] === LF) {
            at += 1;
            byte = LF;
          }
          if (!closed || (byte !== separator && byte !== LF)) {
            fault = 'brokenQuote';
            at = bytes.indexOf(LF, at);
            break;
          }
        } else {
          for (;;) {
            if (byte <= lastSpecial) {
              if (byte === separator || byte === LF || byte === QUOTE) break;
              if (byte < BLANK && byte !== TAB) {
                if (byte === CR && bytes[at + 1] === LF) break;
                fault ??= 'controlCharacter';
              }
            }
            at += 1;
            byte = bytes[at] as number;
          }
          end = at;
          if (byte === QUOTE) {
            fault = 'brokenQuote';
            at = bytes.indexOf(LF, at);
            break;
          }
          if (byte === CR) {
            at += 1;
            byte = LF;
          }
        }
        while (start < end && (bytes[start] === BLANK || bytes[start] === TAB)) start += 1;
        while (end > start && (bytes[end - 1] === BLANK || bytes[end - 1] === TAB)) end -= 1;
        if (end > start) blank = false;
        if (count === maxColumns) {
          fault = 'tooManyFields';
          at = bytes.indexOf(LF, at);
          break;
        }
        starts[count] = start;
        ends[count] = end;
        count += 1;
        if (byte === LF) break;
        at += 1;
      }
      row.bytes = bytes;
      if (this.#mayHoldControls && holdsHighControl(bytes, rowStart, at)) fault ??= 'controlCharacter';
      if (fault !== null) row.fieldsAtMost = mostFields(bytes, rowStart, at, separator);
      if (at - rowStart > maxRowBytes) this.#report('tooLong', 0);
      else if (!blank || fault !== null || this.#cutOff) this.#report(fault, count);
      at += 1;
    }
  }
}

function hasBomAt(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf;
}

/** In a line with a fault: what stands behind a broken quote is not read, and may be another row. */
function mostFields(bytes: Buffer, start: number, end: number, separator: number): number {
  if (bytes.subarray(start, end).includes(ZEROS)) return Infinity;
  let most = 1;
  for (let at = start; at < end; at += 1) if (bytes[at] === separator) most += 1;
  return most;
}

/** Whether DEL or one of U+0080 to U+009F is there. */
export function holdsHighControl(bytes: Buffer, start: number, end: number): boolean {
  const del = bytes.indexOf(DEL, start);
  return (del !== -1 && del < end) || findC1(bytes, start, end) !== -1;
}

/** Where the first of U+0080 to U+009F is, in UTF-8; -1: nowhere. */
function findC1(bytes: Buffer, start: number, end: number): number {
  let at = bytes.indexOf(C1, start);
  while (at !== -1 && at < end && (bytes[at + 1] as number) >= 0xa0) at = bytes.indexOf(C1, at + 1);
  return at < end ? at : -1;
}

/** The separator that a first line `sep=;` names; null: there is no such line. @param head UTF-8. */
export function declaredSeparator(head: Buffer): string | null {
  const [, , separator = null] =
    /^(?:\ufeff)?("?)sep=([\t\P{Cc}])\1[,;\t]*\r?\n/iu.exec(head.toString('utf8', 0, LONGEST_DECLARATION)) ??
    [];
  return separator;
}

function findEncodingFault(lines: Buffer, linesBefore: number): EncodingFault {
  let line = linesBefore + 1;
  let start = 0;
  let end = lines.indexOf(LF, start) + 1;
  while (isUtf8(lines.subarray(start, end))) {
    line += 1;
    start = end;
    end = lines.indexOf(LF, start) + 1;
  }
  // Halving, since the line may be long: `good` bytes are right, `bad` bytes are not.
  let good = 0;
  let bad = end - start;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isStartOfUtf8(lines.subarray(start, start + middle))) good = middle;
    else bad = middle;
  }
  while (!isUtf8(lines.subarray(start, start + good))) good -= 1;
  return { line, byte: good };
}

/** UTF-8, but for a last character that may be cut. */
function isStartOfUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
