import type { BoundColumn, BoundHeader } from './bind-header.ts';
import { type DateOrder, FITS_DAY_FIRST, FITS_MONTH_FIRST, fittingOrders } from './calendar-date.ts';
import type { CsvRow } from './csv-reader.ts';

/** What the dates of a column that end with their year were found to be. */
export interface DateColumn {
  readonly title: string;
  readonly order: DateOrder;
  /** How many there are. */
  readonly count: number;
  /** Lines of the first date that fits one order only; null: there is none. */
  readonly monthFirstLine: number | null;
  readonly dayFirstLine: number | null;
}

interface Tally {
  readonly column: BoundColumn;
  count: number;
  /** Dates that fit that order only. */
  monthFirstCount: number;
  dayFirstCount: number;
  monthFirstLine: number | null;
  dayFirstLine: number | null;
}

/** Looks at all dates of a file before one of them is read: the order is that of the column, never of a value. */
export class DateColumns {
  readonly #fieldCount: number;
  readonly #tallies: readonly Tally[];

  constructor(header: BoundHeader) {
    this.#fieldCount = header.fieldCount;
    this.#tallies = header.columns
      .filter(({ date }) => date)
      .map((column) => ({
        column,
        count: 0,
        monthFirstCount: 0,
        dayFirstCount: 0,
        monthFirstLine: null,
        dayFirstLine: null,
      }));
  }

  take(row: CsvRow): void {
    if (row.fault !== null || row.count !== this.#fieldCount) return;
    for (const tally of this.#tallies) {
      const { position } = tally.column;
      const fitting = fittingOrders(row.bytes, row.starts[position] as number, row.ends[position] as number);
      if (fitting === 0) continue;
      tally.count += 1;
      if (fitting === FITS_MONTH_FIRST) {
        tally.monthFirstCount += 1;
        tally.monthFirstLine ??= row.line;
      } else if (fitting === FITS_DAY_FIRST) {
        tally.dayFirstCount += 1;
        tally.dayFirstLine ??= row.line;
      }
    }
  }

  /** The columns with such dates. A column that does not decide follows those of the file that do, if they agree. */
  decide(): DateColumn[] {
    const found = this.#tallies
      .filter(({ count }) => count > 0)
      .map(({ column, count, monthFirstCount, dayFirstCount, monthFirstLine, dayFirstLine }) => ({
        title: column.title,
        count,
        monthFirstLine,
        dayFirstLine,
        order: orderOf(monthFirstCount, dayFirstCount),
      }));
    const decided = new Set(found.map(({ order }) => order).filter((order) => order !== 'undecided'));
    const [common = 'undecided'] = decided;
    const orderOfOthers = decided.size === 1 && common !== 'mixed' ? common : 'undecided';
    return found.map((column) =>
      column.order === 'undecided' ? { ...column, order: orderOfOthers } : column,
    );
  }
}

/** One date in a hundred of the other order is a slip of the pen: of that row, and no reason to doubt all others. */
const SLIPS_PER_DATE = 1 / 100;

function orderOf(monthFirst: number, dayFirst: number): DateOrder {
  if (monthFirst === 0 && dayFirst === 0) return 'undecided';
  if (Math.min(monthFirst, dayFirst) > (monthFirst + dayFirst) * SLIPS_PER_DATE) return 'mixed';
  return monthFirst > dayFirst ? 'monthFirst' : 'dayFirst';
}
