import { RECORD_CODES } from '#core/roster/record-codes.ts';

import type { CsvReader } from '../csv-reader.ts';
import type { FileLayout } from '../inspect-file.ts';
import type { RosterFile } from '../roster-file.ts';
import type { RosterState, RowReader } from '../roster-state.ts';
import type { RowDigest } from './row-digest.ts';
import { RowsInThreads } from './rows-in-threads.ts';

/**
 * Has the rows of a file digested, if that is worth while: it is large, and had records before (of new ones a digest says nothing). What the reader
 * has begun of a line is taken over. Null: it is read as any other file.
 */
export async function openRowsInThreads(
  state: RosterState,
  { definition, header }: RosterFile,
  reader: RowReader | null,
  csv: CsvReader,
  layout: FileLayout,
  sizeBytes: number,
  take: RowDigest['take'],
): Promise<RowsInThreads | null> {
  const { digestContext, delta } = state;
  if (digestContext === null || reader?.digest === undefined || sizeBytes < digestContext.leastBytes)
    return null;
  if (definition.feeds.every((name) => delta.before(RECORD_CODES[name]) === 0)) return null;
  const { threads, format, hashKey, fingerprint, linesBytes } = digestContext;
  const words = delta.recordsInMemory;
  // The keys of such classes are not those of their ids alone: they are looked up.
  if (words === null && state.anchoredIds !== null) return null;
  const begun = csv.giveBack();
  if (begun === null) return null;
  threads.open({
    type: 'file',
    format,
    file: definition.name,
    header,
    separator: layout.separator.separator,
    dateOrders: new Map(layout.dateColumns.map(({ title, order }) => [title, order])),
    mapping: state.mapping,
    sharedUserIds: state.sharedUserIds,
    hashKey,
    fingerprint,
    tables: {
      orgs: state.orgs.share(),
      classes: state.classes.share(),
      students: state.students.share(),
      teachers: state.teachers.share(),
    },
    words,
  });
  const rows = new RowsInThreads(threads, csv, reader.digest, take, linesBytes);
  await rows.push(begun);
  return rows;
}
