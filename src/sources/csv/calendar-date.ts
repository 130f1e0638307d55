const DASH = 0x2d;
const SLASH = 0x2f;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Reads a calendar date: `YYYY-MM-DD`, `YYYYMMDD`, or `M/D/YYYY` (which Microsoft's samples use).
 * @returns year * 10000 + month * 100 + day, negative for `M/D/YYYY`; 0 when it is none. Years 1000 to 9999.
 */
export function readDate(bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length === 10 && bytes[start + 4] === DASH && bytes[start + 7] === DASH) {
    const year = digits(bytes, start, start + 4);
    return checked(year, digits(bytes, start + 5, start + 7), digits(bytes, start + 8, end));
  }
  const slash = bytes.indexOf(SLASH, start);
  if (slash === -1 || slash >= end) {
    if (length !== 8) return 0;
    const year = digits(bytes, start, start + 4);
    return checked(year, digits(bytes, start + 4, start + 6), digits(bytes, start + 6, end));
  }
  const second = bytes.indexOf(SLASH, slash + 1);
  if (second === -1 || end - second !== 5 || slash - start > 2 || second - slash > 3) return 0;
  const month = digits(bytes, start, slash);
  return 0 - checked(digits(bytes, second + 1, end), month, digits(bytes, slash + 1, second));
}

/** `YYYY-MM-DD` from such a number. */
export function formatDate(date: number): string {
  const text = String(Math.abs(date));
  return `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
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
