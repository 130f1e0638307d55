import type { WindowsEncoding } from '#core/roster/formats.ts';

import type { MappingSettings, SourceFile } from '../contract.ts';
import { bindHeader, type BoundHeader } from './bind-header.ts';
import { MAX_DATE_BYTES, mayHoldDates } from './calendar-date.ts';
import { CSV_LIMITS, CsvReader, type CsvRow } from './csv-reader.ts';
import { type DateColumn, DateColumns } from './date-columns.ts';
import { findSeparator, type FoundSeparator } from './find-separator.ts';
import type { FileDefinition } from './format.ts';
import { detectUtf16, ENCODING_NAMES, type TextEncoding, Utf8Check } from './text-encoding.ts';
import { TotalsAtEnd } from './totals-row.ts';
import { openTranscoder } from './transcoder.ts';
import { WindowsCheck, type WindowsVerdict } from './windows-check.ts';

/** How a file is written, known before its first row is taken. */
export interface FileLayout {
  readonly encoding: TextEncoding;
  /** Why a file that is not UTF-8 is in no other encoding either; null: it is, or there is no need. */
  readonly unreadable: string | null;
  readonly separator: FoundSeparator;
  readonly dateColumns: readonly DateColumn[];
}

/** As long as a header line may be. */
const HEAD_BYTES = CSV_LIMITS.maxRowBytes;
const UTF16_HEAD_BYTES = 64;
const SEARCHED_BYTES = 16 * 1024;

/**
 * Looks a file through, streaming: its bytes once (which costs next to nothing beside taking the rows); again if they are
 * not UTF-8; and row by row only when dates may stand in it whose order has to be found out.
 */
export async function inspectFile(
  file: Pick<SourceFile, 'open'>,
  definition: FileDefinition,
  mapping: MappingSettings,
): Promise<FileLayout> {
  const hasDates = definition.columns.some(({ date }) => date);
  const seen = await lookThrough(file, hasDates);
  let encoding: TextEncoding = seen.utf16 ?? 'utf-8';
  let unreadable: string | null = null;
  if (seen.utf16 === null && !seen.utf8) {
    const verdict = await checkWindows(file, mapping.encoding ?? null);
    const { problem } = verdict;
    unreadable = hasBom(seen.head) ? 'it starts with the byte order mark of UTF-8' : problem;
    if (unreadable === null) encoding = verdict.encoding;
    else unreadable = `${ENCODING_NAMES[verdict.encoding]}: ${unreadable}`;
  }
  const separator = findSeparator(openTranscoder(encoding).push(seen.head), definition);
  const layout = { encoding, unreadable, separator, dateColumns: [] };
  const readable = unreadable === null && separator.problem === null;
  // The bytes of UTF-16 were not searched for dates.
  const mayHoldAny = seen.dates || seen.utf16 !== null;
  if (!readable || !mayHoldAny || !hasDates) return layout;
  return { ...layout, dateColumns: await findDateColumns(file, layout, definition, mapping) };
}

interface Seen {
  readonly head: Buffer;
  readonly utf16: 'utf-16le' | 'utf-16be' | null;
  readonly utf8: boolean;
  readonly dates: boolean;
}

/** UTF-16 is known by its head, the rest is not read. */
async function lookThrough(file: Pick<SourceFile, 'open'>, searchDates: boolean): Promise<Seen> {
  const parts: Buffer[] = [];
  let headBytes = 0;
  let utf16: Seen['utf16'] = null;
  const utf8 = new Utf8Check();
  let dates = false;
  let before = Buffer.alloc(0);
  for await (const bytes of file.open()) {
    const chunk = asBuffer(bytes);
    if (headBytes < HEAD_BYTES) {
      const known = headBytes >= UTF16_HEAD_BYTES;
      const part = Buffer.from(chunk.subarray(0, HEAD_BYTES - headBytes));
      parts.push(part);
      headBytes += part.length;
      if (!known && headBytes >= UTF16_HEAD_BYTES) utf16 = detectUtf16(Buffer.concat(parts));
    }
    if (utf16 !== null) {
      if (headBytes >= HEAD_BYTES) break;
      continue;
    }
    utf8.push(chunk);
    if (searchDates && !dates) {
      dates =
        mayHoldDates(Buffer.concat([before, chunk.subarray(0, MAX_DATE_BYTES)])) || anyMayHoldDates(chunk);
      before = Buffer.concat([before, chunk.subarray(-MAX_DATE_BYTES)]).subarray(-MAX_DATE_BYTES);
    }
  }
  utf8.end();
  const head = Buffer.concat(parts);
  if (headBytes < UTF16_HEAD_BYTES) utf16 = detectUtf16(head);
  return { head, utf16, utf8: utf8.valid, dates };
}

/** In pieces that overlap: text as long as a chunk would be the most expensive garbage of the whole reading. */
function anyMayHoldDates(chunk: Buffer): boolean {
  for (let from = 0; from < chunk.length; from += SEARCHED_BYTES)
    if (mayHoldDates(chunk.subarray(from, from + SEARCHED_BYTES + MAX_DATE_BYTES))) return true;
  return false;
}

async function checkWindows(
  file: Pick<SourceFile, 'open'>,
  wanted: WindowsEncoding | null,
): Promise<WindowsVerdict> {
  const check = new WindowsCheck(wanted);
  for await (const bytes of file.open()) {
    check.push(asBuffer(bytes));
    if (check.hopeless) break;
  }
  return check.end();
}

async function findDateColumns(
  file: Pick<SourceFile, 'open'>,
  layout: Pick<FileLayout, 'encoding' | 'separator'>,
  definition: FileDefinition,
  mapping: MappingSettings,
): Promise<DateColumn[]> {
  let columns: DateColumns | undefined;
  await scanRows(file, layout, definition, mapping, (header) => {
    const found = new DateColumns(header);
    columns = found;
    return (row) => found.take(row);
  });
  return columns?.decide() ?? [];
}

/**
 * Reads all rows of a file whose header can be bound, broken ones too; totals at its end are none. `begin` gets the header and gives what takes
 * the rows.
 */
export async function scanRows(
  file: Pick<SourceFile, 'open'>,
  { encoding, separator }: Pick<FileLayout, 'encoding' | 'separator'>,
  definition: FileDefinition,
  mapping: MappingSettings,
  begin: (header: BoundHeader) => (row: CsvRow) => void,
): Promise<void> {
  let rows: TotalsAtEnd | null | undefined;
  const reader = new CsvReader(
    (row) => {
      if (rows !== undefined) rows?.push(row);
      else {
        const { header } = bindHeader(row, definition, mapping);
        rows = header === null ? null : new TotalsAtEnd(header, begin(header));
      }
    },
    CSV_LIMITS,
    separator.separator,
  );
  const transcoder = openTranscoder(encoding);
  for await (const bytes of file.open()) {
    reader.push(transcoder.push(asBuffer(bytes)));
    if (rows === null) return;
  }
  reader.end();
}

function hasBom(head: Buffer): boolean {
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf;
}

/** The same bytes, not a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
