import { OperationalError } from '#lib/errors.ts';

import type { MappingSettings, MergedFileSummary, SourceFile } from '../../contract.ts';
import type { FindingCollector } from '../../finding-collector.ts';
import { bindHeader, type BoundHeader } from '../bind-header.ts';
import type { CsvRow } from '../csv-reader.ts';
import { type FileDefinition, looseTitle } from '../format.ts';
import { IdTable } from '../id-table.ts';
import type { FileLayout } from '../inspect-file.ts';
import { reportLayout } from '../report-layout.ts';
import { mayHoldTwo } from '../row-shape.ts';
import { TotalsAtEnd } from '../totals-row.ts';
import {
  entryOf,
  findMergeColumns,
  isReadById,
  isWhole,
  type MergeColumns,
  modifiedAt,
  statusOf,
  textAt,
} from './delta-rows.ts';
import { mapColumns, RowWriter } from './row-writer.ts';
import { inspectRows, type Scan, scanFile, type ScanFault } from './scan-file.ts';

/** The kept set cannot be merged into; the message says why, for people. */
export class BaseUnusableError extends OperationalError {
  override readonly name = 'BaseUnusableError';
  constructor(message: string, cause?: unknown) {
    super('BaseUnusable', message, { cause });
  }
}

export interface MergeFileInput {
  readonly definition: FileDefinition;
  readonly mapping: MappingSettings;
  readonly delta: SourceFile;
  /** Null: the kept set has no such file. */
  readonly base: SourceFile | null;
  readonly findings: FindingCollector;
  /** Seeds the table of ids. */
  readonly seed: number;
}

export interface PreparedMerge {
  /** The merged file; what it was made of stands in `summary` behind its last byte. */
  readonly bytes: () => AsyncGenerator<Buffer>;
  readonly summary: () => MergedFileSummary;
}

const TOTALS_MESSAGE = 'The row holds totals, it seems, and no record; it is left out.';

interface Opened {
  readonly file: SourceFile;
  readonly layout: FileLayout;
  readonly titles: readonly string[];
  /** Null: it is not that of the format any more. */
  readonly header: BoundHeader | null;
  readonly columns: MergeColumns;
}

/**
 * Reads a delta file, and of the kept one what its rows have to be compared with. Memory: some bytes for each id of the delta file.
 * @returns null when the delta file cannot be used: fatal findings say why. Throws BaseUnusableError.
 */
export async function prepareMerge(input: MergeFileInput): Promise<PreparedMerge | null> {
  const { definition, base } = input;
  const ids = new IdTable(input.seed);
  const found = await readDelta(input, ids);
  if (found === null) return null;
  const { delta, dates, readById } = found;
  const kept = base === null ? null : await openBase(input, base);
  const added = kept === null ? [] : kept.titles.filter((title) => title !== '' && !hasTitle(delta, title));
  const known = new Map<number, string[]>();
  // Of several rows of the delta file with one id the newest counts, as of that and the kept one.
  const newestDates = Float64Array.from({ length: ids.size }, (_, entry) => dates[entry] ?? Number.NaN);
  if (kept !== null && (dates.length > 0 || added.length > 0))
    await compareWithBase(definition.name, kept, ids, newestDates, added, known);
  const summary = { deltaRows: 0, replacedRows: 0, outdatedRows: 0, keptRows: 0, deltaLines: 0 };
  const superseded = new Uint8Array(ids.size);
  return {
    summary: () => ({ file: definition.name, from: 'delta', ...summary }),
    async *bytes() {
      const writer = new RowWriter();
      const none = added.map(() => '');
      const positions = Int32Array.from(delta.titles, (_, position) => position);
      const writeHeader = (row: CsvRow): void => {
        writer.padTo(row.line - 1);
        writer.values([...delta.titles, ...added]);
      };
      const writeDelta = (row: CsvRow): void => {
        summary.deltaRows += 1;
        const entry = entryOf(row, delta.columns, ids, false);
        if (isWhole(row, delta.columns)) {
          if (isLeftOut(row, entry)) return;
          writer.padTo(row.line - 1);
          writer.row(row, positions, known.get(entry) ?? none);
        } else {
          writer.padTo(row.line - 1);
          if (mayHoldTwo(row, delta.columns.count)) writer.unknownRow();
          else writer.brokenRow(row, added.length);
        }
        if (entry !== -1) superseded[entry] = 1;
      };
      /** A row that is not taken: its line stays blank, and what is known of its record stays. */
      const isLeftOut = (row: CsvRow, entry: number): boolean => {
        const { id, status } = delta.columns;
        if (entry === -1 && !readById) {
          report(row, 'REQUIRED_MISSING', id, 'sourcedId is empty: nobody can tell which row it changes.');
          return true;
        }
        if (statusOf(row, delta.columns) === 'other') {
          report(
            row,
            'ENUM_UNKNOWN',
            status,
            'status is neither active nor tobedeleted; the row is left out.',
          );
          return true;
        }
        const newestDate = entry === -1 ? Number.NaN : (newestDates[entry] as number);
        if (!(modifiedAt(row, delta.columns) < newestDate)) return false;
        summary.outdatedRows += 1;
        const text = new Date(newestDate).toISOString();
        report(row, 'ROW_OUTDATED', delta.columns.date, `What is known of its record is of ${text}.`);
        return true;
      };
      const report = (
        row: CsvRow,
        code: 'REQUIRED_MISSING' | 'ENUM_UNKNOWN' | 'ROW_OUTDATED',
        position: number,
        message: string,
      ): void => {
        const severity = code === 'ROW_OUTDATED' ? {} : ({ severity: 'error' } as const);
        const field = delta.titles[position];
        input.findings.report({ code, file: definition.name, field, ...severity }, () => ({
          line: row.line,
          ...(delta.columns.id === position ? {} : { sourceId: textAt(row, delta.columns.id) }),
          value: textAt(row, position),
          message,
        }));
      };
      // Totals at the end of either file would stand in the middle of the merged one, or count other rows.
      const totals = new TotalsAtEnd(delta.header, writeDelta);
      yield* pieces(writer, delta, definition.name, (row, isHeader) => {
        if (isHeader) writeHeader(row);
        else totals.push(row);
      });
      for (const { line } of totals.held)
        input.findings.report({ code: 'ROW_TOTALS', file: definition.name }, () => ({
          line,
          message: TOTALS_MESSAGE,
        }));
      summary.deltaLines = writer.lines;
      if (kept === null) return;
      const map = mapColumns([...delta.titles, ...added], kept.titles);
      const sameTitles = map.length === kept.titles.length && map.every((at, index) => at === index);
      const writeKept = (row: CsvRow): void => {
        const entry = entryOf(row, kept.columns, ids, false);
        if (entry !== -1 && superseded[entry] === 1) {
          summary.replacedRows += 1;
          return;
        }
        summary.keptRows += 1;
        if (isWhole(row, kept.columns)) writer.row(row, map);
        // Fields cannot be moved where nobody knows which is which.
        else if (sameTitles && !mayHoldTwo(row, kept.columns.count)) writer.brokenRow(row, 0);
        else writer.unknownRow();
      };
      const keptTotals = new TotalsAtEnd(kept.header, writeKept);
      yield* pieces(writer, kept, definition.name, (row, isHeader) => {
        if (!isHeader) keptTotals.push(row);
      });
    },
  };
}

/** All ids of the delta file into the table, and what is wrong with the file into the findings. `dates`: by id, of its newest row; empty: no row has one. */
async function readDelta(
  { definition, mapping, delta: file, findings }: MergeFileInput,
  ids: IdTable,
): Promise<{ delta: Opened; dates: readonly number[]; readById: boolean } | null> {
  const { name } = definition;
  const report = ({ code, message, line }: ScanFault, field?: string): void =>
    findings.report({ code, file: name, field }, () => ({
      ...(line === undefined ? {} : { line }),
      message,
    }));
  const layout = await inspectRows(file, definition, mapping);
  if (file.isBroken?.() === true) return null;
  reportLayout(findings, name, layout);
  const scan: Scan = { titles: null, fault: null };
  let columns: MergeColumns = { count: 0, id: -1, status: -1, date: -1 };
  let bound: BoundHeader | null = null;
  let usable = true;
  const dates: number[] = [];
  let readById = true;
  const scanned = scanFile(file, name, layout, scan, (row, isHeader) => {
    if (isHeader) {
      const { header, problems } = bindHeader(row, definition, mapping);
      columns = findMergeColumns(scan.titles ?? []);
      bound = header;
      if (header === null) {
        usable = false;
        for (const { code, field, message } of problems) report({ code, message, line: row.line }, field);
        return;
      }
      readById = isReadById(header);
      for (const [title, at] of [
        ['sourcedId', columns.id],
        ['status', columns.status],
      ] as const) {
        if (at !== -1) continue;
        usable = false;
        const message = `A file of changes needs the column "${title}".`;
        report({ code: 'HEADER_MISSING', message, line: row.line }, title);
      }
    } else if (usable) {
      const entry = entryOf(row, columns, ids, true);
      const date = modifiedAt(row, columns);
      const isTaken = isWhole(row, columns) && statusOf(row, columns) !== 'other';
      if (entry === -1 || Number.isNaN(date) || !isTaken) return;
      while (dates.length <= entry) dates.push(Number.NaN);
      if (!(date <= (dates[entry] as number))) dates[entry] = date;
    }
  });
  for await (const _ of scanned);
  if (file.isBroken?.() === true) return null;
  if (scan.fault !== null) report(scan.fault);
  if (scan.fault !== null || !usable || scan.titles === null) return null;
  return { delta: { file, layout, titles: scan.titles, header: bound, columns }, dates, readById };
}

async function openBase({ definition, mapping }: MergeFileInput, file: SourceFile): Promise<Opened> {
  const layout = await inspectRows(file, definition, mapping);
  const scan: Scan = { titles: null, fault: null };
  // As far as the header; the rest is read, and judged, when it is written.
  let bound: BoundHeader | null = null;
  const scanned = scanFile(file, definition.name, layout, scan, (row, isHeader) => {
    if (isHeader) bound = bindHeader(row, definition, mapping).header;
  });
  for await (const _ of scanned) if (scan.titles !== null || scan.fault !== null) break;
  if (scan.titles === null || scan.fault !== null) throw unusable(definition.name, scan.fault);
  const columns = findMergeColumns(scan.titles);
  if (columns.id === -1)
    throw new BaseUnusableError(`${definition.name} of the last whole set has no column "sourcedId"`);
  return { file, layout, titles: scan.titles, header: bound, columns };
}

/** Of the rows that the delta file changes: when they were changed last, and what they have in columns that it does not have. */
async function compareWithBase(
  name: string,
  base: Opened,
  ids: IdTable,
  dates: Float64Array,
  added: readonly string[],
  known: Map<number, string[]>,
): Promise<void> {
  const scan: Scan = { titles: null, fault: null };
  const positions = mapColumns(added, base.titles);
  const scanned = scanFile(base.file, name, base.layout, scan, (row, isHeader) => {
    if (isHeader || !isWhole(row, base.columns)) return;
    const entry = entryOf(row, base.columns, ids, false);
    if (entry === -1) return;
    const date = modifiedAt(row, base.columns);
    if (!(date <= (dates[entry] as number)) && !Number.isNaN(date)) dates[entry] = date;
    if (added.length > 0 && !known.has(entry))
      known.set(
        entry,
        Array.from(positions, (position) => textAt(row, position)),
      );
  });
  for await (const _ of scanned);
  if (scan.fault !== null || base.file.isBroken?.() === true) throw unusable(name, scan.fault);
}

/** What the writer writes for the rows of a file, piece by piece. */
async function* pieces(
  writer: RowWriter,
  { file, layout }: Opened,
  name: string,
  take: (row: CsvRow, isHeader: boolean) => void,
): AsyncGenerator<Buffer> {
  const scan: Scan = { titles: null, fault: null };
  for await (const _ of scanFile(file, name, layout, scan, take)) if (writer.size > 0) yield writer.take();
  if (scan.fault !== null || file.isBroken?.() === true) throw unusable(name, scan.fault);
}

function unusable(name: string, fault: ScanFault | null): BaseUnusableError {
  return new BaseUnusableError(
    `${name} of the last whole set cannot be read: ${fault?.message ?? 'its zip is damaged'}`,
  );
}

function hasTitle({ titles }: Opened, title: string): boolean {
  return titles.some((one) => looseTitle(one) === looseTitle(title));
}
