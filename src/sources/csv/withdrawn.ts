import type { BoundColumn, BoundHeader } from './bind-header.ts';
import type { CsvRow } from './csv-reader.ts';

/** The column by which a whole row says that its record is there no more (OneRoster: status tobedeleted); undefined: it does not. */
export function withdrawingColumn(row: CsvRow, columns: readonly BoundColumn[]): BoundColumn | undefined {
  return columns.find(({ position, withdrawnBy }) =>
    withdrawnBy?.includes(row.bytes.toString('utf8', row.starts[position], row.ends[position]).toLowerCase()),
  );
}

/** Of a whole row. */
export function isWithdrawn(row: CsvRow, { columns }: BoundHeader): boolean {
  return withdrawingColumn(row, columns) !== undefined;
}
