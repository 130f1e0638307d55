import type { Hash } from 'node:crypto';

import type { FindingCode } from '#core/findings.ts';
import { RECORD_CODES } from '#core/roster/record-codes.ts';
import { unreachable } from '#lib/assert.ts';

import type { SourceFile } from '../contract.ts';
import type { FindingCollector } from '../finding-collector.ts';
import { bindHeader } from './bind-header.ts';
import { CSV_LIMITS, CsvReader, type CsvRow, type RowFault } from './csv-reader.ts';
import { asBuffer, type FileLayout, inspectFile } from './inspect-file.ts';
import { openReader } from './open-reader.ts';
import { reportLayout } from './report-layout.ts';
import { RosterFile } from './roster-file.ts';
import { type RosterState, type RowReader, spareFile } from './roster-state.ts';
import { isCutOff, mayHoldTwo } from './row-shape.ts';
import { type FileDefinition, recordsOfRow } from './format.ts';
import { scanContacts } from './scan-contacts.ts';
import { openRowsInThreads } from './threads/open-rows-in-threads.ts';
import type { RowDigest } from './threads/row-digest.ts';
import type { RowsInThreads } from './threads/rows-in-threads.ts';
import { TotalsAtEnd } from './totals-row.ts';
import { openValueChecks } from './value-check.ts';
import { ENCODING_NAMES } from './text-encoding.ts';
import { openTranscoder, type Transcoder } from './transcoder.ts';

export interface FileRead {
  readonly rows: number;
  readonly badRows: number;
  readonly bytes: number;
  /** Whether the last line is ended by a line break. */
  readonly endsInBreak: boolean;
  /** False: a fault of the whole file; there is a fatal finding. */
  readonly usable: boolean;
}

const LINE_BREAKS: readonly number[] = Array.from('\r\n', (char) => char.charCodeAt(0));

/** How much of a file is split before others get a turn and the sink is drained. */
const PIECE_BYTES = 64 * 1024;

/** Reads one file. Its bytes as they were uploaded go into `hash`; `afterPiece` is awaited after each piece. */
export async function readRosterFile(
  state: RosterState,
  findings: FindingCollector,
  definition: FileDefinition,
  source: Pick<SourceFile, 'open' | 'isBroken' | 'sizeBytes'>,
  hash: Hash,
  afterPiece: (progress: { readonly rows: number; readonly bytes: number }) => Promise<void>,
): Promise<FileRead> {
  const fault = (code: FindingCode, message: string, line?: number): void =>
    findings.report({ code, file: definition.name }, () => ({
      ...(line === undefined ? {} : { line }),
      message,
    }));
  const layout = await inspectFile(source, definition, state.mapping);
  if (source.isBroken?.() === true)
    return { rows: 0, badRows: 0, bytes: 0, endsInBreak: true, usable: false };
  reportLayout(findings, definition.name, layout);
  await scanContacts(state, findings, definition, source, layout);
  const dateOrders = new Map(layout.dateColumns.map(({ title, order }) => [title, order]));
  let headerRead = false;
  let file: RosterFile | null = null;
  let reader: RowReader | null = null;
  let truncated = false;

  const onHeader = (row: CsvRow): void => {
    headerRead = true;
    if (layout.separator.problem !== null) {
      fault('HEADER_UNREADABLE', `The header line cannot be read: ${layout.separator.problem}.`, row.line);
      return;
    }
    const { header, problems } = bindHeader(row, definition, state.mapping);
    for (const { code, field, message } of problems)
      findings.report({ code, file: definition.name, field }, () => ({ line: row.line, message }));
    if (header === null) return;
    file = new RosterFile(definition, header, findings, row, dateOrders, openValueChecks(state, definition));
    reader = openReader(state, file);
    const [into, by] = [file, reader];
    totals = new TotalsAtEnd(header, (plain) => takeRow(plain, into, by));
  };
  const onBrokenRow = (row: CsvRow, from: RosterFile, into: RowReader): void => {
    const { fault: rowFault } = row;
    if (rowFault === 'cutOff' || isCutOff(row, from.header.fieldCount)) {
      truncated = true;
      fault('FILE_TRUNCATED', `${definition.name} ends in the middle of line ${row.line}.`, row.line);
      return;
    }
    from.fail(...describeBrokenRow(rowFault, row.count, from.header.fieldCount));
    if (!into.salvage(row) || mayHoldTwo(row, from.header.fieldCount)) spareFile(state, from);
  };
  const takeRow = (row: CsvRow, into: RosterFile, by: RowReader): void => {
    into.begin(row);
    if (row.fault === null && row.count === into.header.fieldCount) {
      by.take(row);
      // The last value may be cut off, and be that of somebody else: then nobody knows whose row it was.
      if (row.withoutBreak && into.bad) spareFile(state, into);
    } else onBrokenRow(row, into, by);
  };
  let totals: TotalsAtEnd | null = null;
  const onRow = (row: CsvRow): void => {
    if (!headerRead) {
      onHeader(row);
      return;
    }
    if (file?.isWithdrawn(row) === true) reader?.withdraw?.(row);
    else totals?.push(row, file?.rows);
  };

  const csv = new CsvReader(onRow, CSV_LIMITS, layout.separator.separator);
  /** A row by its digest: no total, so that those before it are none, either. */
  const takeDigest: RowDigest['take'] = (digest, at, lines) => {
    if (file === null || reader?.digest === undefined || totals?.held.length !== 0) return false;
    if (!reader.digest.take(digest, at, lines)) return false;
    file.rows += 1;
    return true;
  };
  let threaded: RowsInThreads | null = null;
  let hasBegun = false;
  const transcoder = openTranscoder(layout.encoding);
  let bytes = 0;
  let lastByte: number | undefined;
  for await (const chunk of source.open()) {
    // Before the reader changes it.
    hash.update(chunk);
    const buffer = asBuffer(chunk);
    for (let from = 0; from < buffer.length; from += PIECE_BYTES) {
      const piece = buffer.subarray(from, from + PIECE_BYTES);
      const text = transcoder.push(piece);
      lastByte = text.at(-1) ?? lastByte;
      if (threaded !== null) await threaded.push(text);
      else {
        csv.push(text);
        if (file !== null && !hasBegun) {
          hasBegun = true;
          makeRoom(state, definition, reader, rowsOf(file) * (source.sizeBytes / (bytes + piece.length)));
          threaded = await openRowsInThreads(state, file, reader, csv, layout, source.sizeBytes, takeDigest);
        }
      }
      bytes += piece.length;
      await afterPiece({ rows: rowsOf(file), bytes });
    }
  }
  await threaded?.end();
  // Where the bytes end then says nothing about the file.
  if (source.isBroken?.() === true)
    return { rows: rowsOf(file), badRows: badRowsOf(file), bytes, endsInBreak: true, usable: false };
  const endsWhole = transcoder.end();
  csv.end();
  (reader as RowReader | null)?.finish?.();
  for (const { line } of (totals as TotalsAtEnd | null)?.held ?? [])
    findings.report({ code: 'ROW_TOTALS', file: definition.name }, () => ({
      line,
      message: 'The row holds totals, it seems, and no record; it is left out.',
    }));
  await afterPiece({ rows: rowsOf(file), bytes });

  const notText = describeEncodingFault(csv, transcoder.fault, layout, truncated);
  if (notText !== null) fault('ENCODING_NOT_UTF8', ...notText);
  else if (!endsWhole) {
    if (!truncated) fault('FILE_TRUNCATED', `${definition.name} ends in the middle of a character.`);
    truncated = true;
  } else if (!headerRead) fault('HEADER_UNREADABLE', `${definition.name} is empty: not even a header line.`);
  const read = file as RosterFile | null;
  return {
    rows: rowsOf(read),
    badRows: badRowsOf(read),
    bytes,
    endsInBreak: lastByte === undefined || LINE_BREAKS.includes(lastByte),
    usable: read !== null && notText === null && !truncated,
  };
}

/** The most rows that room is made for beforehand: what an archive says of the size of a file may not be true. */
const MOST_EXPECTED = { ids: 2 ** 24, rows: 2 ** 27 } as const;

function makeRoom(
  state: RosterState,
  definition: FileDefinition,
  reader: RowReader | null,
  likelyRows: number,
): void {
  const rows = Math.min(Math.ceil(likelyRows), MOST_EXPECTED.rows);
  reader?.expect?.(Math.min(rows, MOST_EXPECTED.ids));
  state.delta.expect(
    definition.feeds.map((name) => RECORD_CODES[name]),
    rows * recordsOfRow(definition),
  );
}

export function describeEncodingFault(
  { encodingFault }: CsvReader,
  transcodingFault: Transcoder['fault'],
  { encoding, unreadable }: FileLayout,
  truncated: boolean,
): [message: string, line?: number] | null {
  if (transcodingFault !== null) {
    const { line, message } = transcodingFault;
    return [`Line ${line} is not ${ENCODING_NAMES[encoding]}: ${message}.`, line];
  }
  // What is wrong is the half of a character at the end, or may stand in a line that was too long to be read.
  if (encodingFault === null)
    return unreadable === null || truncated ? null : [`The file is not UTF-8, nor ${unreadable}.`];
  const { line, byte } = encodingFault;
  const why = unreadable === null ? '' : `, nor is the file ${unreadable}`;
  return [`Line ${line} is not UTF-8 (from byte ${byte + 1} of the line)${why}.`, line];
}

function rowsOf(file: RosterFile | null): number {
  return file?.rows ?? 0;
}

function badRowsOf(file: RosterFile | null): number {
  return file?.badRows ?? 0;
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
