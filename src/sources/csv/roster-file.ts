import type { FindingCode, Severity } from '#core/findings.ts';
import type { Kind } from '#core/roster/kinds.ts';
import { KIND_OF_CODE, RECORD_CODES } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';

import type { FindingCollector } from '../finding-collector.ts';
import type { BoundColumn, BoundHeader } from './bind-header.ts';
import { type DateOrder, formatDate, readDate } from './calendar-date.ts';
import type { CsvRow } from './csv-reader.ts';
import type { ColumnPart, FileDefinition } from './format.ts';

const COMMA = 0x2c;

/**
 * One file while it is read: its row under way, checked column by column, and what it is found guilty of. Column
 * values are byte ranges of the row; a value that is dropped becomes empty there.
 */
export class RosterFile {
  rows = 0;
  badRows = 0;
  /** The row under way has an error. */
  bad = false;
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

  constructor(
    definition: FileDefinition,
    header: BoundHeader,
    findings: FindingCollector,
    row: CsvRow,
    dateOrders: ReadonlyMap<string, DateOrder>,
  ) {
    this.definition = definition;
    this.header = header;
    this.row = row;
    this.#findings = findings;
    this.#kind = must(KIND_OF_CODE[RECORD_CODES[definition.feeds[0]]]);
    this.#withdrawing = header.columns.filter(({ withdrawnBy }) => withdrawnBy !== undefined);
    this.#rewritten = header.columns.filter(
      ({ firstOfList, means }) => firstOfList === true || means !== undefined,
    );
    this.#dates = new Int32Array(definition.columns.length);
    this.#dateOrders = definition.columns.map(({ title }) => dateOrders.get(title) ?? 'undecided');
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
    const column = this.#withdrawing.find(({ position, withdrawnBy }) =>
      withdrawnBy?.includes(
        row.bytes.toString('utf8', row.starts[position], row.ends[position]).toLowerCase(),
      ),
    );
    if (column === undefined) return false;
    this.begin(row);
    this.report('ROW_WITHDRAWN', column, 'The row says that its record is not there any more.');
    return true;
  }

  begin(row: CsvRow): void {
    this.row = row;
    this.rows += 1;
    this.bad = false;
  }

  /** Goes on with a row that was begun and put off. */
  resume(row: CsvRow): void {
    this.row = row;
    this.bad = false;
  }

  /** Checks every value of the row: required, length, dates. */
  checkValues(): void {
    const { starts, ends, bytes } = this.row;
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
        const date = readDate(bytes, start, start + length, order);
        this.#dates[column.ordinal] = date;
        if (date === 0) this.#reportDate(column, order);
      }
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

  /** The row is bad: counted once, whatever number of errors it has. */
  reject(): void {
    if (this.bad) return;
    this.bad = true;
    this.badRows += 1;
  }

  /** A finding that makes the row bad. */
  fail(code: FindingCode, column: BoundColumn | undefined, message: string | (() => string)): void {
    this.report(code, column, message);
    this.reject();
  }

  text(column: BoundColumn | undefined): string {
    if (column === undefined || column.position >= this.row.count) return '';
    const { bytes, starts, ends } = this.row;
    return bytes.toString('utf8', starts[column.position], ends[column.position]);
  }

  /** The date of the row under way in a date column; 0: none. */
  date(column: BoundColumn | undefined): number {
    return column === undefined ? 0 : (this.#dates[column.ordinal] as number);
  }

  dropDate(column: BoundColumn): void {
    this.#dates[column.ordinal] = 0;
  }

  /** The values of one part of the row as a record: empty is null, a column that is not there is absent. */
  record(part: ColumnPart): Record<string, string | null> {
    const record: Record<string, string | null> = {};
    for (const column of this.header.columns) {
      if (column.part !== part) continue;
      if (column.date) {
        const date = this.date(column);
        record[column.property] = date === 0 ? null : formatDate(date);
      } else record[column.property] = this.text(column) || null;
    }
    return record;
  }

  /** The value becomes what it stands for, in its place. */
  #rewrite({ position, firstOfList, means }: BoundColumn): void {
    const { bytes, starts, ends } = this.row;
    const start = starts[position] as number;
    if (firstOfList === true) {
      const comma = bytes.indexOf(COMMA, start);
      if (comma !== -1 && comma < (ends[position] as number)) ends[position] = comma;
    }
    const meant = means?.[bytes.toString('utf8', start, ends[position]).toLowerCase()];
    if (meant !== undefined) ends[position] = start + bytes.write(meant, start);
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
    this.report('DATE_INVALID', column, `${column.title} is no date, or may be one of two; it is left out.`);
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

/** Characters as people count them, nearly: code points. */
export function countCharacters(text: string): number {
  return Array.from(text).length;
}
