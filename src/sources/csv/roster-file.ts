import type { FindingCode, Severity } from '#core/findings.ts';
import type { Kind } from '#core/roster/kinds.ts';
import { KIND_OF_CODE, RECORD_CODES } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';

import type { FindingCollector } from '../finding-collector.ts';
import type { BoundColumn, BoundHeader } from './bind-header.ts';
import { type DateOrder, formatDate, readDate } from './calendar-date.ts';
import type { CsvRow } from './csv-reader.ts';
import type { ColumnPart, FileDefinition } from './format.ts';
import { findWithdrawal } from './row-shape.ts';
import { copyRow } from './totals-row.ts';
import type { ValueCheck } from './value-check.ts';

/** A row that outlives its turn, and its dates by the ordinal of their column. */
export interface PutOffRow {
  readonly row: CsvRow;
  readonly dates: Int32Array;
}

/**
 * One file while it is read: its row under way, checked column by column, and what it is found guilty of. Column
 * values are byte ranges of the row; a value that is dropped becomes empty there.
 */
export class RosterFile {
  rows = 0;
  badRows = 0;
  /** The row under way has an error. */
  bad = false;
  /** Nothing was reported of the row under way. */
  isQuiet = true;
  row: CsvRow;
  readonly definition: FileDefinition;
  readonly header: BoundHeader;
  readonly #findings: FindingCollector;
  readonly #kind: Kind;
  /** Dates of the row under way, by the ordinal of their column; 0: none. */
  readonly #dates: Int32Array;
  /** By the ordinal of the column, too. */
  readonly #dateOrders: readonly DateOrder[];
  readonly #withdrawing: readonly BoundColumn[];
  readonly #rewritten: readonly BoundColumn[];
  /** By the ordinal of the column, too. */
  readonly #checks: readonly (ValueCheck | null)[];
  /** Where the fields of the row under way are when a value had no room in it. */
  #spare = Buffer.alloc(0);
  /** Bytes used of it; 0: the row is where it was read. */
  #spareBytes = 0;

  constructor(
    definition: FileDefinition,
    header: BoundHeader,
    findings: FindingCollector,
    row: CsvRow,
    dateOrders: ReadonlyMap<string, DateOrder>,
    checks: readonly (ValueCheck | null)[],
  ) {
    this.definition = definition;
    this.header = header;
    this.row = row;
    this.#findings = findings;
    this.#kind = must(KIND_OF_CODE[RECORD_CODES[definition.feeds[0]]]);
    this.#withdrawing = header.columns.filter(({ withdrawnBy }) => withdrawnBy !== undefined);
    this.#rewritten = header.columns.filter(({ means }) => means !== undefined);
    this.#dates = new Int32Array(definition.columns.length);
    this.#dateOrders = definition.columns.map(({ title }) => dateOrders.get(title) ?? 'undecided');
    this.#checks = checks;
  }

  /** The bound column of a property, if the file has it and the profile wants it. */
  column(property: string, part?: ColumnPart): BoundColumn | undefined {
    return this.header.columns.find(
      (column) => column.property === property && (part === undefined || column.part === part),
    );
  }

  /**
   * The row says that its record is there no more (OneRoster: status tobedeleted): as good as no row. It is counted, since the file has it.
   */
  isWithdrawn(row: CsvRow): boolean {
    if (this.#withdrawing.length === 0 || row.fault !== null || row.count !== this.header.fieldCount)
      return false;
    const column = findWithdrawal(row, this.#withdrawing);
    if (column === undefined) return false;
    this.begin(row);
    this.report('ROW_WITHDRAWN', column, 'The row says that its record is not there any more.');
    return true;
  }

  begin(row: CsvRow): void {
    this.row = row;
    this.rows += 1;
    this.bad = false;
    this.isQuiet = true;
    this.#spareBytes = 0;
  }

  /** The row under way, to be gone on with later: after checkValues, with its dates as they are then. */
  putOff(): PutOffRow {
    return { row: copyRow(this.row), dates: this.#dates.slice() };
  }

  /** Goes on with a row that was begun and put off. */
  resume({ row, dates }: PutOffRow): void {
    this.row = row;
    this.#dates.set(dates);
    this.bad = false;
    this.isQuiet = true;
    this.#spareBytes = 0;
  }

  /**
   * Checks every value of the row: required, length, dates, and what it must be. Afterwards the row has the values as they are stored: what
   * reads it (text, record, hashes, tables) agrees.
   */
  checkValues(): void {
    const { row } = this;
    const { starts, ends } = row;
    for (const column of this.#rewritten) this.#rewrite(column);
    for (const column of this.header.columns) {
      const { position } = column;
      const start = starts[position] as number;
      const length = (ends[position] as number) - start;
      if (length === 0) {
        if (column.date) this.#dates[column.ordinal] = 0;
        if (column.valueRequired) this.fail('REQUIRED_MISSING', column, `${column.title} is empty.`);
        continue;
      }
      if (length > column.maxLength) this.#checkLength(column);
      if (column.date) {
        const order = this.#dateOrders[column.ordinal] as DateOrder;
        const date = readDate(row.bytes, start, start + length, order);
        this.#dates[column.ordinal] = date;
        if (date === 0) this.#reportDate(column, order);
      } else if (column.check !== null) this.#checkValue(column, start);
    }
  }

  /** A finding about the row under way. An error makes the row bad. */
  report(
    code: FindingCode,
    column: BoundColumn | undefined,
    message: string | (() => string),
    severity?: Severity,
  ): void {
    const { row } = this;
    this.isQuiet = false;
    this.#findings.report(
      {
        code,
        file: this.definition.name,
        field: column?.title,
        ...(severity === undefined ? {} : { severity }),
      },
      () => {
        const sourceId = this.#sourceId();
        const value = column === undefined || column.part === 'secret' ? '' : this.text(column);
        return {
          line: row.line,
          kind: this.#kind,
          ...(sourceId === '' ? {} : { sourceId }),
          ...(value === '' ? {} : { value }),
          message: typeof message === 'string' ? message : message(),
        };
      },
    );
  }

  /** The row of an org says that it is there no more: what still names it is told there. */
  noteWithdrawnOrg(orgId: string): void {
    this.#findings.withdrawnOrgs.note(orgId, this.definition.name, this.row.line);
  }

  /** The row under way names an org that is withdrawn, and is no error for that. */
  goesWithOrg(orgId: string): void {
    this.#findings.withdrawnOrgs.count(orgId, this.definition.name);
  }

  /** The row is bad: counted once, whatever number of errors it has. */
  reject(): void {
    if (this.bad) return;
    this.bad = true;
    this.badRows += 1;
  }

  /** A finding that makes the row bad. */
  fail(
    code: FindingCode,
    column: BoundColumn | undefined,
    message: string | (() => string),
    severity?: Severity,
  ): void {
    this.report(code, column, message, severity);
    this.reject();
  }

  /** The value of a column of the row under way, after checkValues as it is stored. */
  text(column: BoundColumn | undefined): string {
    if (column === undefined || column.position >= this.row.count) return '';
    const { bytes, starts, ends } = this.row;
    return bytes.toString('utf8', starts[column.position], ends[column.position]);
  }

  /** The date of the row under way in a date column; 0: none. */
  date(column: BoundColumn | undefined): number {
    return column === undefined ? 0 : (this.#dates[column.ordinal] as number);
  }

  /** Something that ends before it starts: the end of the row under way is left out. `what`: as the beginning of a sentence. */
  checkRange(start: BoundColumn | undefined, end: BoundColumn | undefined, what: string): void {
    const [from, to] = [this.date(start), this.date(end)];
    if (end === undefined || from === 0 || to === 0 || from <= to) return;
    this.report('DATE_RANGE', end, `${what} ends before it starts; its end date is left out.`);
    this.#dates[end.ordinal] = 0;
  }

  /** The values of one part of the row as a record: empty is null, a column that is not there is absent. */
  record(part: ColumnPart): Record<string, string | null> {
    const record: Record<string, string | null> = {};
    for (const column of this.header.columns) {
      if (column.part !== part) continue;
      if (column.date) {
        const date = this.date(column);
        record[column.property] = date === 0 ? null : formatDate(date);
      } else if (column.firstAs === undefined) record[column.property] = this.text(column) || null;
      else Object.assign(record, firstAndAll(column.firstAs, column.property, this.text(column)));
    }
    return record;
  }

  /** The value becomes what it stands for. */
  #rewrite(column: BoundColumn): void {
    const { position, means } = column;
    const { bytes, starts, ends } = this.row;
    const meant = means?.[bytes.toString('utf8', starts[position], ends[position]).toLowerCase()];
    if (meant !== undefined) this.#replace(column, Buffer.from(meant));
  }

  #checkValue(column: BoundColumn, start: number): void {
    const { row } = this;
    const end = row.ends[column.position] as number;
    // Too long, and left out already.
    if (end === start) return;
    const check = must(this.#checks[column.ordinal]);
    const { stored, fault, isOwn } = check.judge(row.bytes, start, end);
    if (isOwn === true)
      this.report(
        'ENUM_EXTENSION',
        column,
        () => `${column.title} has a value of the exporter's own; it is kept.`,
      );
    if (fault !== null) {
      const message = (what: string) => () => `${column.title} ${fault}${what}`;
      if (!column.strict)
        this.report(check.code, column, message('; it is taken as received.'), 'information');
      else if (column.valueRequired) this.fail(check.code, column, message('.'), 'error');
      else this.report(check.code, column, message('; it is left out.'), 'warning');
      if (!column.strict || column.valueRequired) return;
    }
    if (stored !== null && column.strict) this.#replace(column, stored);
  }

  /** Puts another value in place of one: where it is, or, having no room there, behind the row in a copy of it. */
  #replace({ position }: BoundColumn, value: Buffer): void {
    const { row } = this;
    const { starts, ends, count } = row;
    const start = starts[position] as number;
    const end = ends[position] as number;
    const room = position + 1 < count ? (starts[position + 1] as number) : end + 1;
    const inSpare = this.#spareBytes > 0;
    if (start + value.length <= (inSpare ? end : Math.min(room, row.bytes.length))) {
      value.copy(row.bytes, start);
      ends[position] = start + value.length;
      return;
    }
    if (!inSpare) this.#moveToSpare();
    const from = this.#spareBytes;
    this.#growSpare(value.length);
    value.copy(this.#spare, from);
    row.bytes = this.#spare;
    starts[position] = from;
    ends[position] = this.#spareBytes;
  }

  #moveToSpare(): void {
    const { bytes, starts, ends, count } = this.row;
    const from = starts[0] as number;
    const length = (ends[count - 1] as number) - from;
    this.#growSpare(length);
    bytes.copy(this.#spare, 0, from, from + length);
    for (let i = 0; i < count; i += 1) {
      (starts[i] as number) -= from;
      (ends[i] as number) -= from;
    }
  }

  #growSpare(bytes: number): void {
    this.#spareBytes += bytes;
    if (this.#spareBytes <= this.#spare.length) return;
    const wide = Buffer.alloc(this.#spareBytes * 2);
    this.#spare.copy(wide);
    this.#spare = wide;
  }

  #checkLength(column: BoundColumn): void {
    const text = this.text(column);
    const length = countCharacters(text);
    if (length <= column.maxLength) return;
    const message = `${column.title} has ${length} characters; at most ${column.maxLength} are taken.`;
    if (column.valueRequired || column.part === 'secret') this.fail('VALUE_TOO_LONG', column, message);
    else {
      this.report('VALUE_TOO_LONG', column, message, 'warning');
      this.row.ends[column.position] = this.row.starts[column.position] as number;
    }
  }

  #reportDate(column: BoundColumn, order: DateOrder): void {
    // Too long for a date, and dropped already; or of a column that stops the run as a whole.
    if (this.text(column) === '' || order === 'mixed') return;
    const message = `${column.title} is no date, or may be one of two`;
    if (column.valueRequired) this.fail('DATE_INVALID', column, `${message}.`, 'error');
    else this.report('DATE_INVALID', column, `${message}; it is left out.`);
  }

  /** The id as findings name it: the SIS id, or `section/person`. */
  #sourceId(): string {
    return this.header.columns
      .filter(({ part, property }) => part === 'key' || property === 'section' || property === 'person')
      .map((column) => this.text(column))
      .filter((id) => id !== '')
      .join('/');
  }
}

/** The first of a list as one property, and all of it, where there are several, as another. */
function firstAndAll(first: string, all: string, list: string): Record<string, string | null> {
  const comma = list.indexOf(',');
  if (comma === -1) return { [first]: list || null, [all]: null };
  return { [first]: list.slice(0, comma), [all]: list };
}

/** Characters as people count them, nearly: code points. */
export function countCharacters(text: string): number {
  return Array.from(text).length;
}
