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

/** Of a zone that is asked over and over; more days than that are a mistake, and begin anew. */
const MOST_DAYS = 2_000;

interface Zone {
  readonly format: Intl.DateTimeFormat;
  /** Milliseconds that it is ahead of UTC when a day of UTC begins, by the number of the day. */
  readonly aheadByDay: Map<number, number>;
}

const zonesByName = new Map<string, Zone>();

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
function shownAt(name: string, at: number): number {
  const zone = zoneNamed(name);
  const day = Math.floor(at / DAY_MS);
  const ahead = aheadAtBeginOf(zone, day);
  // Intl is slow, and no zone changes its clock twice in a day.
  return at + (ahead === aheadAtBeginOf(zone, day + 1) ? ahead : aheadAt(zone, at));
}

function aheadAtBeginOf(zone: Zone, day: number): number {
  const known = zone.aheadByDay.get(day);
  if (known !== undefined) return known;
  if (zone.aheadByDay.size >= MOST_DAYS) zone.aheadByDay.clear();
  const ahead = aheadAt(zone, day * DAY_MS);
  zone.aheadByDay.set(day, ahead);
  return ahead;
}

function aheadAt({ format }: Zone, at: number): number {
  const numbers: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(at)) numbers[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = numbers;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1_000) * 1_000;
}

function zoneNamed(name: string): Zone {
  // However somebody writes it, it is the same zone.
  const key = name.toLowerCase();
  let zone = zonesByName.get(key);
  if (zone === undefined) {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
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
    zone = { format, aheadByDay: new Map() };
    zonesByName.set(key, zone);
  }
  return zone;
}
