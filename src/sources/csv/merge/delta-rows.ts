import type { BoundHeader } from '../bind-header.ts';
import type { CsvRow } from '../csv-reader.ts';
import { looseTitle } from '../format.ts';
import type { IdTable } from '../id-table.ts';

/** Where the columns stand by which rows are merged; -1: nowhere. */
export interface MergeColumns {
  readonly count: number;
  readonly id: number;
  readonly status: number;
  readonly date: number;
}

export function findMergeColumns(titles: readonly string[]): MergeColumns {
  const loose = titles.map(looseTitle);
  return {
    count: titles.length,
    id: loose.indexOf('sourcedid'),
    status: loose.indexOf('status'),
    date: loose.indexOf('datelastmodified'),
  };
}

const ACTIVE = ['', 'active'];
const GONE = ['tobedeleted', 'inactive'];

/** What a row says of its record; other: nothing that is known. */
export function statusOf(row: CsvRow, { status }: MergeColumns): 'active' | 'gone' | 'other' {
  const text = textAt(row, status).toLowerCase();
  return ACTIVE.includes(text) ? 'active' : GONE.includes(text) ? 'gone' : 'other';
}

const DATE_TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/iu;

/** Milliseconds of `dateLastModified`, UTC where it says no zone; NaN: it says nothing. */
export function modifiedAt(row: CsvRow, { date }: MergeColumns): number {
  const text = textAt(row, date);
  const found = DATE_TIME.exec(text);
  if (found === null) return Number.NaN;
  return Date.parse(text.length > 10 && found[1] === undefined ? `${text}Z` : text);
}

export function textAt(row: CsvRow, position: number): string {
  if (position === -1 || position >= row.count) return '';
  return row.bytes.toString('utf8', row.starts[position], row.ends[position]);
}

export function isWhole(row: CsvRow, { count }: MergeColumns): boolean {
  return row.fault === null && row.count === count;
}

/**
 * The number of the row's id in a table; `add`: it is added. -1: it is not there, has none, or stands in a broken row and cannot be trusted: in a
 * row with too many or too few fields values have moved, but not the first.
 */
export function entryOf(row: CsvRow, columns: MergeColumns, ids: IdTable, add: boolean): number {
  const { id } = columns;
  if (id === -1 || id >= row.count) return -1;
  const start = row.starts[id] as number;
  const end = row.ends[id] as number;
  if (start === end) return -1;
  if (!isWhole(row, columns)) {
    if (row.fault !== 'brokenQuote' && row.fault !== 'controlCharacter' && id !== 0) return -1;
    for (let i = start; i < end; i += 1) if ((row.bytes[i] as number) < 0x20) return -1;
  }
  return add ? ids.add(row.bytes, start, end) : ids.find(row.bytes, start, end);
}

/** Whether rows of the file are known by their sourcedId to whoever reads them; others (enrollments, roles) by what they join. */
export function isReadById({ columns }: Pick<BoundHeader, 'columns'>): boolean {
  return columns.some(({ title }) => looseTitle(title) === 'sourcedid');
}
