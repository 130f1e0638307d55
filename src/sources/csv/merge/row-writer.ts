import { looseTitle } from '../format.ts';
import { CSV_LIMITS, type CsvRow } from '../csv-reader.ts';
import { unreachable } from '#lib/assert.ts';

const COMMA = 0x2c;
const QUOTE = 0x22;
const LINE_BREAK = Buffer.from('\r\n');
const OPEN_QUOTE = Buffer.from('"');
/** Longer than any row may be. */
const TOO_LONG = Buffer.alloc(CSV_LIMITS.maxRowBytes + 3, 'x');

/** Writes rows as CSV in UTF-8, separated by commas; what the CSV reader reads of it is what was given, faults included. */
export class RowWriter {
  /** Lines written so far. */
  lines = 0;
  size = 0;
  #bytes = Buffer.allocUnsafeSlow(256 * 1024);

  /** The bytes since the last call, the caller's to keep. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.size));
    this.size = 0;
    return taken;
  }

  /** Blank lines, until that many lines are written: the next row stands on the line behind. */
  padTo(lines: number): void {
    while (this.lines < lines) this.#endLine();
  }

  values(values: readonly string[]): void {
    for (const [index, value] of values.entries()) {
      if (index > 0) this.#byte(COMMA);
      const bytes = Buffer.from(value);
      this.#field(bytes, 0, bytes.length);
    }
    this.#endLine();
  }

  /** The fields at these positions (-1: an empty one), and then `more`. */
  row({ bytes, starts, ends }: CsvRow, positions: Int32Array, more: readonly string[] = []): void {
    for (let i = 0; i < positions.length; i += 1) {
      if (i > 0) this.#byte(COMMA);
      const position = positions[i] as number;
      if (position !== -1) this.#field(bytes, starts[position] as number, ends[position] as number);
    }
    for (const value of more) {
      this.#byte(COMMA);
      const text = Buffer.from(value);
      this.#field(text, 0, text.length);
    }
    this.#endLine();
  }

  /** A broken row: the same fields and the same fault, `added` fields behind those of a row whose number of fields is wrong. */
  brokenRow({ bytes, starts, ends, count, fault }: CsvRow, added: number): void {
    for (let i = 0; i < count; i += 1) {
      if (i > 0) this.#byte(COMMA);
      this.#field(bytes, starts[i] as number, ends[i] as number);
    }
    switch (fault) {
      case 'tooLong':
        this.#append(TOO_LONG);
        break;
      case 'brokenQuote':
      case 'cutOff':
        if (count > 0) this.#byte(COMMA);
        this.#append(OPEN_QUOTE);
        break;
      case 'tooManyFields':
        this.#byte(COMMA);
        break;
      case 'controlCharacter':
      case null:
        for (let i = 0; i < added; i += 1) this.#byte(COMMA);
        break;
      default:
        unreachable(fault);
    }
    this.#endLine();
  }

  /** A row of which nobody can tell whose it is. */
  unknownRow(): void {
    this.#append(OPEN_QUOTE);
    this.#endLine();
  }

  #field(bytes: Buffer, start: number, end: number): void {
    this.#reserve((end - start) * 2 + 2);
    const into = this.#bytes;
    let at = this.size;
    let plain = true;
    for (let i = start; i < end; i += 1) {
      const byte = bytes[i] as number;
      if (byte === COMMA || byte === QUOTE) {
        plain = false;
        break;
      }
      into[at] = byte;
      at += 1;
    }
    if (!plain) {
      at = this.size;
      into[at] = QUOTE;
      at += 1;
      for (let i = start; i < end; i += 1) {
        const byte = bytes[i] as number;
        if (byte === QUOTE) {
          into[at] = QUOTE;
          at += 1;
        }
        into[at] = byte;
        at += 1;
      }
      into[at] = QUOTE;
      at += 1;
    }
    this.size = at;
  }

  #endLine(): void {
    this.#append(LINE_BREAK);
    this.lines += 1;
  }

  #append(bytes: Buffer): void {
    this.#reserve(bytes.length);
    bytes.copy(this.#bytes, this.size);
    this.size += bytes.length;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.size] = byte;
    this.size += 1;
  }

  #reserve(more: number): void {
    if (this.size + more <= this.#bytes.length) return;
    const wide = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.size + more));
    this.#bytes.copy(wide, 0, 0, this.size);
    this.#bytes = wide;
  }
}

/** Where the columns of one header stand in another, by title; -1: nowhere. */
export function mapColumns(titles: readonly string[], from: readonly string[]): Int32Array {
  const positions = new Map(from.map((title, position) => [looseTitle(title), position]));
  return Int32Array.from(titles, (title) => (title === '' ? -1 : (positions.get(looseTitle(title)) ?? -1)));
}
