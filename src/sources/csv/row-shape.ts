import type { BoundColumn } from './bind-header.ts';
import type { CsvRow } from './csv-reader.ts';

/** The file ends in the middle of the row. */
export function isCutOff({ fault, count, withoutBreak }: CsvRow, fieldCount: number): boolean {
  const tooFew = fault === null && count < fieldCount;
  return fault === 'cutOff' || (withoutBreak && (tooFew || fault === 'brokenQuote'));
}

/**
 * The line break between two rows may be missing, or be a lone carriage return: the second row is in there, unread. So are all those in whose place
 * zeros stand.
 */
export function mayHoldTwo({ count, fault, fieldsAtMost }: CsvRow, fieldCount: number): boolean {
  return (fault === null ? count : fieldsAtMost) >= fieldCount * 2 - 1;
}

/** The column by whose value a row says that its record is there no more (OneRoster: status tobedeleted). */
export function findWithdrawal(row: CsvRow, columns: readonly BoundColumn[]): BoundColumn | undefined {
  return columns.find(({ position, withdrawnBy }) =>
    withdrawnBy?.includes(row.bytes.toString('utf8', row.starts[position], row.ends[position]).toLowerCase()),
  );
}
