import type { FindingCode } from '#core/findings.ts';

import type { MappingSettings, SourceFile } from '../../contract.ts';
import { titlesOf } from '../bind-header.ts';
import { CSV_LIMITS, CsvReader, type CsvRow } from '../csv-reader.ts';
import type { FileDefinition } from '../format.ts';
import { asBuffer, type FileLayout, inspectFile } from '../inspect-file.ts';
import { describeEncodingFault } from '../read-roster-file.ts';
import { isCutOff } from '../row-shape.ts';
import { openTranscoder } from '../transcoder.ts';

export interface ScanFault {
  readonly code: FindingCode;
  readonly message: string;
  readonly line?: number;
}

/** What a scan of a file has found so far. */
export interface Scan {
  /** Of the header line; null: not read yet. */
  titles: readonly string[] | null;
  /** The file cannot be used. */
  fault: ScanFault | null;
}

/** How a file is written, but for its dates: those are for whoever takes its rows. */
export function inspectRows(
  file: Pick<SourceFile, 'open'>,
  definition: FileDefinition,
  mapping: MappingSettings,
): Promise<FileLayout> {
  const columns = definition.columns.map((column) => ({ ...column, date: false }));
  return inspectFile(file, { ...definition, columns }, mapping);
}

/** Gives each row of a file, the header first; yields after each piece of it. The end of the scan says in `scan` what was wrong with the file. */
export async function* scanFile(
  file: Pick<SourceFile, 'open' | 'isBroken'>,
  name: string,
  layout: FileLayout,
  scan: Scan,
  take: (row: CsvRow, isHeader: boolean) => void,
): AsyncGenerator<undefined> {
  let truncated = false;
  const fault = (found: ScanFault): void => {
    scan.fault ??= found;
  };
  if (layout.separator.problem !== null)
    fault({
      code: 'HEADER_UNREADABLE',
      message: `The header line cannot be read: ${layout.separator.problem}.`,
    });
  const reader = new CsvReader(
    (row) => {
      if (scan.fault !== null) return;
      if (scan.titles === null) {
        scan.titles = titlesOf(row);
        take(row, true);
      } else if (row.fault === 'cutOff' || isCutOff(row, scan.titles.length)) {
        truncated = true;
        fault({
          code: 'FILE_TRUNCATED',
          message: `${name} ends in the middle of line ${row.line}.`,
          line: row.line,
        });
      } else take(row, false);
    },
    CSV_LIMITS,
    layout.separator.separator,
  );
  const transcoder = openTranscoder(layout.encoding);
  for await (const bytes of file.open()) {
    reader.push(transcoder.push(asBuffer(bytes)));
    yield undefined;
  }
  const endsWhole = transcoder.end();
  reader.end();
  const notText = describeEncodingFault(reader, transcoder.fault, layout, truncated);
  if (notText !== null) {
    const [message, line] = notText;
    scan.fault = { code: 'ENCODING_NOT_UTF8', message, ...(line === undefined ? {} : { line }) };
  } else if (!endsWhole)
    fault({ code: 'FILE_TRUNCATED', message: `${name} ends in the middle of a character.` });
  else if (scan.titles === null)
    fault({ code: 'HEADER_UNREADABLE', message: `${name} is empty: not even a header line.` });
  yield undefined;
}
