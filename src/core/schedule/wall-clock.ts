/**
 * Between instants and what a clock on the wall of a time zone shows. Only Intl knows the zones; this file asks it for offsets and
 * does the arithmetic.
 */

/** What the clock shows, to the minute. `day` counts from 1970-01-01; `minute` from midnight, 0 to 1439. */
export interface WallTime {
  readonly day: number;
  readonly minute: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
export const DAY_MINUTES = 1_440;

const formatsByZone = new Map<string, Intl.DateTimeFormat>();

/** What the clock shows at an instant. */
export function wallTimeAt(zone: string, at: Date): WallTime {
  const shown = shownAt(zone, at.getTime());
  const day = Math.floor(shown / DAY_MS);
  return { day, minute: Math.floor((shown - day * DAY_MS) / MINUTE_MS) };
}

/**
 * When the clock shows this time. A time that is left out in spring: the first moment after the gap. One that is shown twice in
 * autumn: the first time, or the last.
 */
export function instantOf(zone: string, wall: WallTime, which: 'first' | 'last' = 'first'): Date {
  const wanted = wall.day * DAY_MS + wall.minute * MINUTE_MS;
  // No zone is further than a day from UTC, so both offsets that may hold at that time are found a day before and after.
  const offsets = [wanted - DAY_MS, wanted + DAY_MS].map((at) => shownAt(zone, at) - at);
  const found = offsets.map((offset) => wanted - offset).filter((at) => shownAt(zone, at) === wanted);
  if (found.length > 0) return new Date(which === 'first' ? Math.min(...found) : Math.max(...found));
  let before = wanted - DAY_MS;
  let after = wanted + DAY_MS;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (shownAt(zone, middle) < wanted) before = middle;
    else after = middle;
  }
  return new Date(after);
}

/** `2026-11-25 16:00`. */
export function formatWallTime(zone: string, at: Date): string {
  return new Date(Math.floor(shownAt(zone, at.getTime()) / MINUTE_MS) * MINUTE_MS)
    .toISOString()
    .slice(0, 16)
    .replace('T', ' ');
}

/** The day number of `YYYY-MM-DD`; null when there is no such day. */
export function dayOfDate(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(text)) return null;
  const at = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text ? null : at / DAY_MS;
}

/** 0: Sunday. 1970-01-01 was a Thursday. */
export function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

export function dateOfDay(day: number): {
  readonly year: number;
  readonly month: number;
  readonly dayOfMonth: number;
} {
  const date = new Date(day * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, dayOfMonth: date.getUTCDate() };
}

/** What the clock shows, as if it were UTC, in milliseconds since 1970. */
function shownAt(zone: string, at: number): number {
  const numbers: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(at)) numbers[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = numbers;
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((at % 1_000) + 1_000) % 1_000);
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formatsByZone.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatsByZone.set(zone, format);
  }
  return format;
}
