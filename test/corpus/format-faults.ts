/** Faults in the rosters of format-rosters.ts: what is broken, where, and what must be found of it by the rules of README.md. */
import type { FindingCode } from '#core/findings.ts';
import { must } from '#lib/assert.ts';
import { type ColumnDefinition, type FileDefinition, looseTitle } from '#sources/csv/format.ts';
import type { FormatRoster, FormatTable } from './format-rosters.ts';
import { lineOf, type Style, writeCells } from './random-roster.ts';

export interface FormatBench {
  /** Changed in place: it is written down after all faults are in. */
  readonly roster: FormatRoster;
  readonly style: Style;
  readonly hasManifest: boolean;
  readonly pick: (count: number) => number;
}

/** A fault of one row, which leaves the others where they are; several fit into one roster. */
export interface RowFault {
  readonly file: string;
  readonly row: number;
  /** `file:line CODE[ field]`. */
  readonly finding: string;
  /** The id whose record is in doubt by it; null: none is. */
  readonly lost: string | null;
  /** The line in place of what the table says. */
  readonly line?: string;
}

/** A fault that others could hide, or that could hide others. */
export interface LoneFault {
  readonly findings: readonly string[];
  /** Ids of records in doubt. */
  readonly lost?: readonly string[];
  /** Of what else may be said: of rows that name what is lost; of nothing; of any row. */
  readonly following: 'connected' | 'none' | 'any';
  readonly without?: string;
  readonly empty?: string;
  readonly edit?: {
    readonly file: string;
    readonly noBreak?: boolean;
    readonly lines: (lines: readonly string[]) => string[];
  };
}

export const choose = <T>({ pick }: Pick<FormatBench, 'pick'>, list: readonly T[]): T =>
  must(list[pick(list.length)]);

export function columnOf({ columns }: FileDefinition, title: string): ColumnDefinition | undefined {
  return columns.find((column) => looseTitle(column.title) === looseTitle(title));
}

/** Where the id of the row's record stands; undefined: the row joins others, and has none. */
export function keyTitle({ definition }: FormatTable): string | undefined {
  return definition.columns.find(({ part }) => part === 'key')?.title;
}

export function cellOf({ header, rows }: FormatTable, row: number, title: string | undefined): string {
  return title === undefined ? '' : (rows[row]?.[header.indexOf(title)] ?? '');
}

/** Whose record is in doubt when the row is: its own, or that of the user to whom a role is given. */
function idOf(table: FormatTable, row: number): string | null {
  const { definition } = table;
  const person = definition.columns.find(({ property }) => property === 'person')?.title;
  return cellOf(table, row, keyTitle(table) ?? (definition.reader === 'roles' ? person : undefined)) || null;
}

/** Its record has other rows: what they say is compared. */
function isOneOfSeveral(table: FormatTable, row: number): boolean {
  const key = keyTitle(table);
  const id = cellOf(table, row, key);
  return key !== undefined && table.rows.filter((_, other) => cellOf(table, other, key) === id).length > 1;
}

interface BadValue {
  readonly value: string;
  readonly code: FindingCode;
}

/** A number is added. */
const NOWHERE = 'Nowhere';

const isRequired = ({ required }: ColumnDefinition): boolean =>
  required === 'always' || required === 'create';

/** Values that the column must not have, each wrong in one way. */
export function badValuesOf(column: ColumnDefinition, { reader }: FileDefinition): BadValue[] {
  const { part, check, date, maxLength, property } = column;
  const values: BadValue[] = [];
  const add = (code: FindingCode, ...bad: readonly string[]): void =>
    void values.push(...bad.map((value) => ({ value, code })));
  if (part === 'unread' || part === 'contact') return values;
  if (isRequired(column)) add('REQUIRED_MISSING', '', ' \t ');
  if (date) add('DATE_INVALID', '2015-02-30', 'soon', '31/31/2015');
  if (check === 'email') add('EMAIL_INVALID', 'at home', 'a@b@c.example');
  if (check === 'phone') add('PHONE_INVALID', 'none', '12');
  if (check === 'year') add('YEAR_INVALID', '26', '3026');
  if (check === 'boolean') add('BOOLEAN_INVALID', 'perhaps');
  if (check !== null && typeof check !== 'string') add('ENUM_UNKNOWN', 'wizard', '9999');
  if (part === 'reference' || part === 'member') add('REFERENCE_NOT_FOUND', NOWHERE);
  else if (part === 'key' && reader === 'sections') add('ID_INVALID', 'Class#1', 'a class', 'C'.repeat(57));
  else if (property !== 'username' && ((check === null && !date) || !isRequired(column)))
    add('VALUE_TOO_LONG', 'ö'.repeat(maxLength + 1));
  return values;
}

function badValue(bench: FormatBench, file: string, row: number): RowFault | null {
  const table = must(bench.roster[file]);
  const title = choose(bench, table.header);
  const column = must(columnOf(table.definition, title));
  const values = badValuesOf(column, table.definition);
  if (values.length === 0 || isOneOfSeveral(table, row)) return null;
  // Rows share what they describe beside their own record.
  if ((column.part === 'session' || column.part === 'course') && table.rows.length > 1) return null;
  const { value, code } = choose(bench, values);
  const lost = idOf(table, row);
  // Nobody is named twice: of people that would be a fault of its own.
  must(table.rows[row])[table.header.indexOf(title)] = value === NOWHERE ? `${value}${row}` : value;
  return { file, row, lost, finding: `${file}:${lineOf(row, bench.style)} ${code} ${title}` };
}

/** What is written of a cell, changed so that its row cannot be read from there on. */
const BREAKS: Readonly<Record<string, readonly [FindingCode, (cell: string) => string]>> = {
  'a quote opened': ['ROW_BROKEN_QUOTE', (cell) => `"${cell.replaceAll('"', '')}`],
  'a quote inside': ['ROW_BROKEN_QUOTE', (cell) => `x"${cell.replaceAll(/[",]/gu, '')}`],
  'a NUL': ['ROW_CONTROL_CHARACTER', (cell) => cell.replace(/^"?/u, '$&\0x')],
  'a lone carriage return': ['ROW_CONTROL_CHARACTER', (cell) => cell.replace(/^"?/u, '$&\rx')],
};

function brokenRow(bench: FormatBench, file: string, row: number, name: string): RowFault | null {
  const { roster, style, pick } = bench;
  const table = must(roster[file]);
  // What is cut off at the end of a file is another fault.
  if (!style.lastBreak && row === table.rows.length - 1) return null;
  const written = writeCells(must(table.rows[row]), style);
  const place = pick(written.length);
  const [code, change] = BREAKS[name] ?? ['ROW_FIELD_COUNT'];
  const cells =
    change !== undefined
      ? written.with(place, change(must(written[place])))
      : name === 'a field too few'
        ? written.slice(0, -1)
        : [...written, 'more'];
  return {
    file,
    row,
    lost: idOf(table, row),
    finding: `${file}:${lineOf(row, style)} ${code}`,
    line: cells.join(','),
  };
}

const FIELD_COUNTS = ['a field too few', 'a field too many'];

/** By name: each breaks the given row; null: it has no place there. */
export const ROW_FAULTS: Readonly<
  Record<string, (bench: FormatBench, file: string, row: number) => RowFault | null>
> = {
  'a bad value': badValue,
  ...Object.fromEntries(
    [...Object.keys(BREAKS), ...FIELD_COUNTS].map((name) => [
      name,
      (bench: FormatBench, file: string, row: number) => brokenRow(bench, file, row, name),
    ]),
  ),
};

/** The titles of columns whose cells name records, and of the id. */
export function namingTitles({ definition, header }: FormatTable): string[] {
  return header.filter((title) =>
    ['key', 'reference', 'member'].includes(columnOf(definition, title)?.part ?? ''),
  );
}

/** The ids in a cell: one, or a list. */
export const idsIn = (cell: string): string[] =>
  cell
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
