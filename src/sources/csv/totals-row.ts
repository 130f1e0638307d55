import type { BoundHeader } from './bind-header.ts';
import type { CsvRow } from './csv-reader.ts';

const WORDS =
  /^(?:(?:grand )?totals?|sum|summe|gesamt(?:summe)?|anzahl|(?:row |record )?count|rows|records)(?:[\s:=]+[\d.,\s]*)?$/i;
const ROWS_AFFECTED = /^\(\d+ rows?(?: affected)?\)$/i;
const NUMBER = /^[\d.,\s]+$/;
/** The second letters of these words: most ids have a digit there, and need no other look. */
const SECOND_LETTERS = new Uint8Array(256);
for (const letter of 'oruneORUNE') SECOND_LETTERS[letter.charCodeAt(0)] = 1;
const PARENTHESIS = 0x28;

/**
 * Whether a row looks like the totals that reports put under their rows: `Total: 120`, `Total,,,120`, `,,,120`. Whether it
 * is one depends on its being the last. A row that has all required values is a record, unless the one value it has beside
 * the word is the number of rows.
 */
export function looksLikeTotals(row: CsvRow, header: BoundHeader, rowsBefore: number): boolean {
  const { bytes, starts, ends, count, fault } = row;
  if (fault !== null) return false;
  // Nearly all rows end here.
  if (!mayBeTotals(row)) return false;
  const start = starts[0] as number;
  const isEmpty = start === ends[0];
  if (count > header.fieldCount || (isEmpty && row.withoutBreak && count < header.fieldCount)) return false;
  if (!isEmpty && !isWord(bytes.toString('utf8', start, ends[0]))) return false;
  const values: string[] = [];
  for (let i = 1; i < count; i += 1)
    if (starts[i] !== ends[i]) values.push(bytes.toString('utf8', starts[i], ends[i]));
  const [only] = values;
  if (values.length === 1 && Number(only?.replaceAll(/[.,\s]/g, '')) === rowsBefore) return true;
  // A number that counts nothing may be the id of a record whose other values are lost.
  if (isEmpty && !values.some(isWord)) return false;
  if (isEmpty && !values.every((value) => NUMBER.test(value) || isWord(value))) return false;
  const isRecord = header.columns.every(
    ({ valueRequired, position }) =>
      !valueRequired || (position < count && starts[position] !== ends[position]),
  );
  return !isRecord && values.length * 2 <= count - 1;
}

/** A quick look: false is sure. */
export function mayBeTotals({ bytes, starts, ends }: CsvRow): boolean {
  const start = starts[0] as number;
  return start === ends[0] || mayBeWord(bytes, start);
}

function mayBeWord(bytes: Buffer, start: number): boolean {
  return SECOND_LETTERS[bytes[start + 1] as number] === 1 || bytes[start] === PARENTHESIS;
}

function isWord(text: string): boolean {
  return text.length <= 64 && (WORDS.test(text) || ROWS_AFFECTED.test(text));
}

/** Lines that may stand under the rows in place of one: totals, and how many rows there are. */
const MAX_TOTALS = 3;

/** Holds rows back that are totals if no other comes behind them. */
export class TotalsAtEnd {
  /** They are totals once the file has ended. */
  held: CsvRow[] = [];
  readonly #header: BoundHeader | null;
  readonly #take: (row: CsvRow) => void;
  #taken = 0;

  /** `header`: null: it says nothing, and nothing looks like totals. */
  constructor(header: BoundHeader | null, take: (row: CsvRow) => void) {
    this.#header = header;
    this.#take = (row) => {
      this.#taken += 1;
      take(row);
    };
  }

  /** `rowsBefore`: in this file, if not all of them came here. */
  push(row: CsvRow, rowsBefore = this.#taken): void {
    const mayBe = this.#header !== null && looksLikeTotals(row, this.#header, rowsBefore);
    if (this.held.length > 0 && (!mayBe || this.held.length === MAX_TOTALS)) {
      for (const earlier of this.held) this.#take(earlier);
      this.held = [];
    }
    if (mayBe) this.held.push(copyRow(row));
    else this.#take(row);
  }
}

/** A copy that outlives its turn. */
export function copyRow(row: CsvRow): CsvRow {
  const starts = row.starts.slice(0, row.count);
  const ends = row.ends.slice(0, row.count);
  // A value that was replaced may stand behind the last field.
  const from = starts.reduce((least, start) => Math.min(least, start));
  const to = ends.reduce((most, end) => Math.max(most, end));
  return {
    ...row,
    bytes: Buffer.from(row.bytes.subarray(from, to)),
    starts: starts.map((start) => start - from),
    ends: ends.map((end) => end - from),
  };
}
