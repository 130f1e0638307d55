import { InvalidRequestError } from '#lib/errors.ts';

import {
  IMPORT_COLUMNS,
  IMPORT_COLUMNS_TEXT,
  readImportRow,
  type ImportColumn,
  type ImportRow,
  type RefusedRow,
} from './import-row.ts';

/** Most rows of one import. */
export const MAX_IMPORT_ROWS = 100_000;

/**
 * Reads an import file: CSV (RFC 4180) with a header of column names in any case and order, CRLF or LF. Blank lines count as
 * lines and are no rows. A fault of the whole file is thrown as InvalidRequestError before any row is looked at; a row at
 * fault is refused and the rest goes on.
 */
export function readUsersCsv(text: string): (ImportRow | RefusedRow)[] {
  const records = readRecords(text.startsWith('\uFEFF') ? text.slice(1) : text);
  const header = records.next();
  if (header.done) throw new InvalidRequestError('The file is empty. Its first line names the columns.');
  const columns = readHeader(header.value.fields);
  const rows: (ImportRow | RefusedRow)[] = [];
  for (const { line, fields } of records) {
    if (rows.length === MAX_IMPORT_ROWS) {
      throw new InvalidRequestError(
        `The file has more than ${MAX_IMPORT_ROWS} rows. Split it; nothing of it was imported.`,
      );
    }
    if (fields.length !== columns.length) {
      const reason = `The row has ${fields.length} fields, the header ${columns.length}.`;
      rows.push({ line, userPrincipalName: undefined, reason });
      continue;
    }
    rows.push(
      readImportRow(line, Object.fromEntries(columns.map((column, index) => [column, fields[index]]))),
    );
  }
  return rows;
}

function readHeader(fields: readonly string[]): ImportColumn[] {
  const columns = fields.map((field) => {
    const name = field.trim();
    const column = IMPORT_COLUMNS.find((known) => known.toLowerCase() === name.toLowerCase());
    if (column === undefined) {
      throw new InvalidRequestError(
        `The file has a column "${name.slice(0, 60)}" that is not known. Columns: ${IMPORT_COLUMNS_TEXT}.`,
        name.slice(0, 60),
      );
    }
    return column;
  });
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice !== undefined) throw new InvalidRequestError(`The file has the column ${twice} twice.`, twice);
  if (!columns.includes('userPrincipalName')) {
    throw new InvalidRequestError(
      'The file has no column userPrincipalName. It says whose row it is.',
      'userPrincipalName',
    );
  }
  return columns;
}

interface CsvRecord {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** Cuts the text into records, one after the other. Throws InvalidRequestError for a broken quote, with its line. */
function* readRecords(text: string): Generator<CsvRecord, undefined> {
  let index = 0;
  let line = 1;
  while (index < text.length) {
    const start = line;
    const fields: string[] = [];
    for (;;) {
      const field = readField(text, index, line);
      fields.push(field.value);
      index = field.end;
      line += field.lineBreaks;
      if (text[index] !== ',') break;
      index += 1;
    }
    if (text[index] === '\r') index += 1;
    if (text[index] === '\n') index += 1;
    line += 1;
    if (fields.length > 1 || fields[0]?.trim() !== '') yield { line: start, fields };
  }
  return undefined;
}

/** One field, up to its comma or the end of its line. */
function readField(
  text: string,
  start: number,
  line: number,
): { value: string; end: number; lineBreaks: number } {
  if (text[start] !== '"') {
    let end = start;
    while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') end += 1;
    return { value: text.slice(start, end), end, lineBreaks: 0 };
  }
  let value = '';
  let index = start + 1;
  for (;;) {
    const quote = text.indexOf('"', index);
    if (quote === -1) throw brokenQuote(line, 'opens a quote that nothing closes');
    value += text.slice(index, quote);
    index = quote + 1;
    if (text[index] !== '"') break;
    value += '"';
    index += 1;
  }
  if (index < text.length && text[index] !== ',' && text[index] !== '\n' && text[index] !== '\r') {
    throw brokenQuote(line, 'has text behind a closing quote (a quote inside a field is doubled)');
  }
  return { value, end: index, lineBreaks: value.split('\n').length - 1 };
}

function brokenQuote(line: number, what: string): InvalidRequestError {
  return new InvalidRequestError(`Line ${line} of the file ${what}. Nothing of it was imported.`);
}
