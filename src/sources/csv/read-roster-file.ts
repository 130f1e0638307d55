import type { FindingCode } from '#core/findings.ts';
import { unreachable } from '#lib/assert.ts';

import type { FindingCollector } from '../finding-collector.ts';
import { bindHeader } from './bind-header.ts';
import { CsvReader, type CsvRow, type RowFault } from './csv-reader.ts';
import { readEnrollments } from './read-enrollments.ts';
import { readPeople } from './read-people.ts';
import { readSchools } from './read-schools.ts';
import { readSections } from './read-sections.ts';
import { RosterFile } from './roster-file.ts';
import { type RosterState, type RowReader, spareFile } from './roster-state.ts';
import type { FileDefinition } from './sds-v1.ts';

export interface FileRead {
  readonly rows: number;
  readonly badRows: number;
  readonly bytes: number;
  /** False: a fault of the whole file; there is a fatal finding. */
  readonly usable: boolean;
}

/** How much of a file is split before others get a turn and the sink is drained. */
const PIECE_BYTES = 64 * 1024;

/** Reads one file. `afterPiece` is awaited after each piece. */
export async function readRosterFile(
  state: RosterState,
  findings: FindingCollector,
  definition: FileDefinition,
  chunks: AsyncIterable<Buffer>,
  afterPiece: (progress: { readonly rows: number; readonly bytes: number }) => Promise<void>,
): Promise<FileRead> {
  const fault = (code: FindingCode, message: string, line?: number): void =>
    findings.report({ code, file: definition.name }, () => ({
      ...(line === undefined ? {} : { line }),
      message,
    }));
  let headerRead = false;
  let file: RosterFile | null = null;
  let reader: RowReader | null = null;
  let truncated = false;

  const onHeader = (row: CsvRow): void => {
    headerRead = true;
    const { header, problems } = bindHeader(row, definition, state.mapping);
    for (const { code, field, message } of problems)
      findings.report({ code, file: definition.name, field }, () => ({ line: row.line, message }));
    if (header === null) return;
    file = new RosterFile(definition, header, findings, row);
    reader = openReader(state, file);
  };
  const onBrokenRow = (row: CsvRow, from: RosterFile, into: RowReader): void => {
    const { fault: rowFault } = row;
    const tooFew = rowFault === null && row.count < from.header.fieldCount;
    if (rowFault === 'cutOff' || (row.withoutBreak && (tooFew || rowFault === 'brokenQuote'))) {
      truncated = true;
      fault('FILE_TRUNCATED', `${definition.name} ends in the middle of line ${row.line}.`, row.line);
      return;
    }
    from.fail(...describeBrokenRow(rowFault, row.count, from.header.fieldCount));
    if (!into.salvage(row) || mayHoldTwo(row, from.header.fieldCount)) spareFile(state, from);
  };
  const csv = new CsvReader((row) => {
    if (!headerRead) {
      onHeader(row);
      return;
    }
    if (file === null || reader === null) return;
    file.begin(row);
    if (row.fault === null && row.count === file.header.fieldCount) {
      reader.take(row);
      // The last value may be cut off, and be that of somebody else: then nobody knows whose row it was.
      if (row.withoutBreak && file.bad) spareFile(state, file);
    } else onBrokenRow(row, file, reader);
  });

  let bytes = 0;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += PIECE_BYTES) {
      const piece = chunk.subarray(from, from + PIECE_BYTES);
      csv.push(piece);
      bytes += piece.length;
      await afterPiece({ rows: rowsOf(file), bytes });
    }
  }
  csv.end();
  await afterPiece({ rows: rowsOf(file), bytes });

  if (csv.encodingFault !== null) {
    const { line, byte } = csv.encodingFault;
    fault('ENCODING_NOT_UTF8', `Line ${line} is not UTF-8 (from byte ${byte + 1} of the line).`, line);
  } else if (!headerRead) fault('HEADER_UNREADABLE', `${definition.name} is empty: not even a header line.`);
  const read = file as RosterFile | null;
  return {
    rows: rowsOf(read),
    badRows: read?.badRows ?? 0,
    bytes,
    usable: read !== null && csv.encodingFault === null && !truncated,
  };
}

/** The line break between two rows may be missing, or be a lone carriage return: the second row is in there, unread. */
function mayHoldTwo(row: CsvRow, fieldCount: number): boolean {
  return row.count >= fieldCount * 2 - 1;
}

function rowsOf(file: RosterFile | null): number {
  return file?.rows ?? 0;
}

function openReader(state: RosterState, file: RosterFile): RowReader {
  switch (file.definition.name) {
    case 'school.csv':
      return readSchools(state, file);
    case 'section.csv':
      return readSections(state, file);
    case 'student.csv':
      return readPeople(state, file, 'student');
    case 'teacher.csv':
      return readPeople(state, file, 'teacher');
    case 'studentenrollment.csv':
      return readEnrollments(state, file, 'student');
    case 'teacherroster.csv':
      return readEnrollments(state, file, 'teacher');
    default:
      return unreachable(file.definition.name);
  }
}

function describeBrokenRow(
  fault: Exclude<RowFault, 'cutOff'> | null,
  count: number,
  fieldCount: number,
): [FindingCode, undefined, string] {
  switch (fault) {
    case 'brokenQuote':
      return ['ROW_BROKEN_QUOTE', undefined, 'A quote is not closed on its line, or stands inside a value.'];
    case 'tooLong':
      return ['ROW_TOO_LONG', undefined, 'The row is longer than 1 MiB.'];
    case 'controlCharacter':
      return ['ROW_CONTROL_CHARACTER', undefined, 'The row holds a control character.'];
    case 'tooManyFields':
    case null:
      return [
        'ROW_FIELD_COUNT',
        undefined,
        `The row has ${fault === null ? count : 'more than 1,000'} fields; the header has ${fieldCount}.`,
      ];
    default:
      return unreachable(fault);
  }
}
