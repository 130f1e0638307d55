import { must } from '#lib/assert.ts';

import type { CsvReader } from '../csv-reader.ts';
import type { DigestThreads } from './digest-threads.ts';
import { type DigestedLines, PLAIN, ROW_HEAD_WORDS, type RowDigest } from './row-digest.ts';

/** A thread has one piece under way and one waiting. */
const PIECES_PER_THREAD = 2;
/** With more rows than that to be taken as a whole, digests are not worth their while; so many pieces later it is tried again. */
const ODD_SHARE = 0.5;
const PAUSE_PIECES = 16;
const LF = 0x0a;

/** Some lines of the file. Its memory is used again and again. */
interface Piece {
  /** As they came: for rows that are taken as a whole. */
  readonly bytes: Buffer;
  /** The same, for a thread to work on. */
  readonly shared: Buffer<SharedArrayBuffer>;
  rows: Int32Array<SharedArrayBuffer>;
  size: number;
  digested: Promise<DigestedLines> | null;
}

/**
 * Reads the rows of one file with the help of other threads: cuts it at line breaks (which stand in no value), has the pieces digested side by
 * side, and takes their rows in order. What it leaves to the reader of the file is what that reader would have done anyway.
 */
export class RowsInThreads {
  readonly #threads: DigestThreads;
  readonly #csv: CsvReader;
  readonly #digest: RowDigest;
  readonly #take: RowDigest['take'];
  readonly #free: Piece[];
  /** In the order of the file. */
  readonly #under: Piece[] = [];
  #filling: Piece;
  #pause = 0;

  /** The threads have the file. `csv` stands between two lines. `take`: RowDigest.take, and what goes with each row. */
  constructor(
    threads: DigestThreads,
    csv: CsvReader,
    digest: RowDigest,
    take: RowDigest['take'],
    pieceBytes: number,
  ) {
    this.#threads = threads;
    this.#csv = csv;
    this.#digest = digest;
    this.#take = take;
    this.#free = Array.from({ length: threads.count * PIECES_PER_THREAD }, () => newPiece(pieceBytes));
    this.#filling = newPiece(pieceBytes);
  }

  async push(part: Buffer): Promise<void> {
    let from = 0;
    while (from < part.length) {
      const { bytes, size } = this.#filling;
      const copied = part.copy(bytes, size, from);
      this.#filling.size += copied;
      from += copied;
      if (this.#filling.size === bytes.length) await this.#sendFilled();
    }
  }

  /** Takes all that was put off. Afterwards the reader has all bytes. */
  async end(): Promise<void> {
    while (this.#under.length > 0) await this.#takeFirst();
    const { bytes, size } = this.#filling;
    this.#csv.push(bytes.subarray(0, size));
    this.#filling.size = 0;
  }

  /** The piece that is full goes as far as its last line break; what is behind that begins the next one. */
  async #sendFilled(): Promise<void> {
    const piece = this.#filling;
    const end = piece.bytes.lastIndexOf(LF) + 1;
    if (this.#free.length === 0) await this.#takeFirst();
    const next = must(this.#free.pop());
    next.size = end === 0 ? 0 : piece.bytes.copy(next.bytes, 0, end, piece.size);
    piece.size -= next.size;
    this.#filling = next;
    if (this.#pause > 0) this.#pause -= 1;
    // Without a line break it is for the reader, which knows how long a line may be.
    piece.digested = end === 0 || this.#pause > 0 ? null : this.#threads.digest(linesOf(piece));
    this.#under.push(piece);
  }

  async #takeFirst(): Promise<void> {
    const piece = must(this.#under.shift());
    const digested = await piece.digested;
    const bytes = piece.bytes.subarray(0, piece.size);
    // In the middle of a line that was too long for a piece, the piece begins with what is no row.
    if (digested === null || !digested.isWhole || !this.#csv.isBetweenLines) this.#csv.push(bytes);
    else this.#takeRows(bytes, piece.shared, digested);
    if (digested !== null) piece.rows = digested.rows;
    this.#free.push(piece);
  }

  #takeRows(bytes: Buffer, read: Buffer, { rows, rowCount, lineCount, provenUtf8 }: DigestedLines): void {
    const csv = this.#csv;
    const linesBefore = csv.line;
    const stride = ROW_HEAD_WORDS + this.#digest.words;
    let odd = 0;
    for (let row = 0, at = 0; row < rowCount; row += 1, at += stride) {
      if (rows[at + 2] === PLAIN && this.#take(rows, at + ROW_HEAD_WORDS, read)) continue;
      odd += 1;
      const start = rows[at] as number;
      csv.goTo(linesBefore + (rows[at + 1] as number) - 1);
      csv.push(bytes.subarray(start, bytes.indexOf(LF, start) + 1));
    }
    csv.goTo(linesBefore + lineCount, provenUtf8);
    if (odd > rowCount * ODD_SHARE) this.#pause = PAUSE_PIECES;
  }
}

function newPiece(bytes: number): Piece {
  return {
    bytes: Buffer.alloc(bytes),
    shared: Buffer.from(new SharedArrayBuffer(bytes)),
    rows: new Int32Array(new SharedArrayBuffer(bytes)),
    size: 0,
    digested: null,
  };
}

function linesOf({ bytes, size, shared, rows }: Piece): {
  bytes: Uint8Array<SharedArrayBuffer>;
  rows: Int32Array<SharedArrayBuffer>;
} {
  bytes.copy(shared, 0, 0, size);
  return { bytes: shared.subarray(0, size), rows };
}
