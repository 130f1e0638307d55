import type { RecordCode } from '#core/roster/record-codes.ts';

import type { MappingSettings } from '../../contract.ts';
import type { BoundHeader } from '../bind-header.ts';
import type { DateOrder } from '../calendar-date.ts';
import type { Separator } from '../csv-reader.ts';
import type { FileName, FormatDefinition } from '../format.ts';
import type { SharedIdTable } from '../id-table.ts';

/**
 * What can be found out of a row without knowing what this run has met: whether it is good, and the hashes of its records. Other threads find it
 * out for many rows at once; the thread that reads the file only compares it with the snapshot, in the order of the rows. Whatever is not plain (a
 * finding, a record that is new or changed or there twice) is left to that thread, which takes the row as if nobody had looked at it.
 */
export interface RowDigest {
  /** 32-bit words of a digest. */
  readonly words: number;
  /** In another thread, of a row that is begun. @returns false: it has to be taken as a whole. */
  make(into: Int32Array, at: number): boolean;
  /**
   * Takes a row by its digest. `bytes`: the lines as the other thread left them.
   * @returns false: it has to be taken as a whole, and nothing was done.
   */
  take(digest: Int32Array, at: number, bytes: Buffer): boolean;
}

/** What a thread has to know of a file before it gets lines of it. */
export interface DigestJob {
  readonly type: 'file';
  readonly format: FormatDefinition['name'];
  readonly file: FileName;
  readonly header: BoundHeader;
  readonly separator: Separator;
  readonly dateOrders: ReadonlyMap<string, DateOrder>;
  readonly mapping: MappingSettings;
  readonly sharedUserIds: boolean;
  readonly hashKey: Uint8Array;
  readonly fingerprint: Uint8Array;
  readonly tables: Readonly<Record<'orgs' | 'classes' | 'students' | 'teachers', SharedIdTable>>;
  /** The records, for the keys of those in the tables; null: keys are made of ids. */
  readonly words: Int32Array | null;
}

/** Whole lines of that file, in memory that both threads see, and that is the other thread's until it has answered. */
export interface DigestLines {
  readonly type: 'lines';
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** Room for the digests. */
  readonly rows: Int32Array<SharedArrayBuffer>;
}

export type ToDigestThread = DigestJob | DigestLines;

export interface DigestedLines {
  /**
   * Of each row: where it starts in the bytes, its line (from 1, of these lines), PLAIN or ODD, the digest of a plain one. The room that was given,
   * or, had it been too small, another.
   */
  readonly rows: Int32Array<SharedArrayBuffer>;
  readonly rowCount: number;
  readonly lineCount: number;
  /** All of it was read: it is UTF-8. */
  readonly isWhole: boolean;
  readonly provenUtf8: boolean;
}

export const ROW_HEAD_WORDS = 3;
export const PLAIN = 1;
export const ODD = 0;

/** A code, a key and a content. */
export const RECORD_DIGEST_WORDS = 7;

export function writeRecord(
  into: Int32Array,
  at: number,
  code: RecordCode,
  key: Int32Array,
  content: Int32Array,
): void {
  into[at] = code;
  for (let i = 0; i < 4; i += 1) into[at + 1 + i] = key[i] as number;
  into[at + 5] = content[0] as number;
  into[at + 6] = content[1] as number;
}

/** Fills key and content. @returns the code. */
export function readRecord(words: Int32Array, at: number, key: Int32Array, content: Int32Array): RecordCode {
  for (let i = 0; i < 4; i += 1) key[i] = words[at + 1 + i] as number;
  content[0] = words[at + 5] as number;
  content[1] = words[at + 6] as number;
  return words[at] as RecordCode;
}
