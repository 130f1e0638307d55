const BLANK = 0x20;
const DASH = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * How dates that end with their year are read. undecided: nothing in the file says it, so slashes are month first (as in
 * Microsoft's samples), dots day first (nobody writes the other), and dashes are none; mixed: the column contradicts
 * itself, so none of them is a date.
 */
export type DateOrder = 'monthFirst' | 'dayFirst' | 'undecided' | 'mixed';

export const FITS_MONTH_FIRST = 1;
export const FITS_DAY_FIRST = 2;

/**
 * Reads a calendar date: `YYYY-MM-DD`, `YYYYMMDD`, or two numbers and a year with `/`, `.` or `-` between them, a blank behind each dot or none.
 * @returns year * 10000 + month * 100 + day; 0 when it is none. Years 1000 to 9999.
 */
export function readDate(bytes: Buffer, start: number, end: number, order: DateOrder): number {
  const length = end - start;
  if (length === 10 && bytes[start + 4] === DASH && bytes[start + 7] === DASH) {
    const year = digits(bytes, start, start + 4);
    return checked(year, digits(bytes, start + 5, start + 7), digits(bytes, start + 8, end));
  }
  if (length === 8 && isDigit(bytes[start + 1] as number) && isDigit(bytes[start + 2] as number)) {
    const year = digits(bytes, start, start + 4);
    return checked(year, digits(bytes, start + 4, start + 6), digits(bytes, start + 6, end));
  }
  if (order === 'mixed' || !split(bytes, start, end)) return 0;
  const first = orderOf(order, parts.separator);
  if (first === 'none') return 0;
  return first === 'monthFirst'
    ? checked(parts.year, parts.first, parts.second)
    : checked(parts.year, parts.second, parts.first);
}

/** Which orders a date that ends with its year is right in: FITS_ bits, 0 when it is no such date. */
export function fittingOrders(bytes: Buffer, start: number, end: number): number {
  if (!split(bytes, start, end)) return 0;
  const { first, second, year } = parts;
  return (
    (checked(year, first, second) === 0 ? 0 : FITS_MONTH_FIRST) |
    (checked(year, second, first) === 0 ? 0 : FITS_DAY_FIRST)
  );
}

/**
 * Whether dates that end with their year may stand in the bytes, whatever lies around them. By an expression over text of one
 * byte per character, which takes a third of the time of a loop here; a number before the first sign is not asked for.
 */
export function mayHoldDates(bytes: Buffer): boolean {
  return /[-./] ?\d\d?[-./] ?\d{4}/.test(bytes.toString('latin1'));
}

/** More than a date that `mayHoldDates` finds is long. */
export const MAX_DATE_BYTES = 16;

/** `YYYY-MM-DD` from such a number. */
export function formatDate(date: number): string {
  const text = String(date);
  return `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
}

function orderOf(order: DateOrder, separator: number): DateOrder | 'none' {
  if (order !== 'undecided') return order;
  if (separator === SLASH) return 'monthFirst';
  return separator === DOT ? 'dayFirst' : 'none';
}

/** The parts of the date that was split last. */
const parts = { first: 0, second: 0, year: 0, separator: 0 };

function split(bytes: Buffer, start: number, end: number): boolean {
  const yearStart = end - 4;
  if (yearStart - start < 4 || yearStart - start > 8) return false;
  const blank = bytes[yearStart - 1] === BLANK ? 1 : 0;
  const last = yearStart - 1 - blank;
  const separator = bytes[last] as number;
  if (separator !== DOT && (blank === 1 || (separator !== SLASH && separator !== DASH))) return false;
  const middle = bytes[start + 1] === separator ? start + 1 : start + 2;
  const second = middle + 1 + blank;
  if (bytes[middle] !== separator || last - second < 1 || last - second > 2) return false;
  if (blank === 1 && bytes[middle + 1] !== BLANK) return false;
  parts.first = digits(bytes, start, middle);
  parts.second = digits(bytes, second, last);
  parts.year = digits(bytes, yearStart, end);
  parts.separator = separator;
  return true;
}

function checked(year: number, month: number, day: number): number {
  if (year < 1000 || month < 1 || month > 12 || day < 1 || day > (DAYS[month - 1] as number)) return 0;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (month === 2 && day === 29 && !leap) return 0;
  return year * 10_000 + month * 100 + day;
}

/** -1 when there is another byte than a digit, or none. */
function digits(bytes: Buffer, start: number, end: number): number {
  if (start >= end) return -1;
  let number = 0;
  for (let i = start; i < end; i += 1) {
    const digit = (bytes[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
