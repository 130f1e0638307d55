/** Stretches of time that come back every week, or that lie between two days. */
import { dayOfDate, DAY_MINUTES, instantOf, wallTimeAt, weekdayOf } from './wall-clock.ts';

/** In the order of weekdayOf. */
export const WEEKDAYS = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** From a time of day to another, `HH:MM` both, on the days that are named (on all without); the second may lie on the next day. */
export interface WeeklyWindow {
  readonly days?: readonly Weekday[];
  readonly from: string;
  readonly to: string;
}

/** Whole days, `YYYY-MM-DD`, both included. */
export interface DateWindow {
  readonly from: string;
  readonly to: string;
}

export type Window = WeeklyWindow | DateWindow;

const WEEK_MINUTES = 7 * DAY_MINUTES;
/** Each step joins another window; more than that is a chain without an end, and whoever asked asks again then. */
const MAXIMUM_JOINS = 500;

/**
 * When the stretch of windows that holds at `at` ends, those that overlap or follow at once counted as one; null when none
 * holds. A window begins when the clock first shows its begin and ends when the clock last shows its end, so that nothing that
 * it names is ever outside.
 */
export function windowEnd(windows: readonly Window[], zone: string, at: Date): Date | null {
  let end = at;
  for (let joins = 0; joins < MAXIMUM_JOINS; joins += 1) {
    const ends = windows.flatMap((window) => endsHolding(window, zone, end));
    if (ends.length === 0) break;
    end = new Date(Math.max(...ends.map((date) => date.getTime())));
  }
  return end > at ? end : null;
}

/** Whether one of the windows holds at `at`. */
export function anyHolds(windows: readonly Window[], zone: string, at: Date): boolean {
  return windows.some((window) => endsHolding(window, zone, at).length > 0);
}

/** Whether the weekly windows leave no minute of a week free: nothing could ever start. */
export function coversWholeWeek(windows: readonly Window[]): boolean {
  const stretches = windows
    .filter((window) => !isDateWindow(window))
    .flatMap((window) => weekMinutesOf(window))
    .sort((a, b) => a.from - b.from);
  let covered = 0;
  for (const { from, to } of stretches) {
    if (from > covered) return false;
    covered = Math.max(covered, to);
  }
  return covered >= WEEK_MINUTES;
}

export function isDateWindow(window: Window): window is DateWindow {
  return dayOfDate(window.from) !== null;
}

/** Minutes from midnight of `HH:MM`, up to `24:00`; null when it is none. */
export function minuteOfTime(text: string): number | null {
  const match = /^(\d{2}):(\d{2})$/u.exec(text);
  if (match === null) return null;
  const hours = Number(match[1]);
  const minutes = Number(match[2]);
  return (hours < 24 && minutes < 60) || (hours === 24 && minutes === 0) ? hours * 60 + minutes : null;
}

/** The ends of those occurrences that hold at an instant. */
function endsHolding(window: Window, zone: string, at: Date): Date[] {
  const today = wallTimeAt(zone, at).day;
  if (isDateWindow(window)) {
    const first = dayOfDate(window.from) ?? 0;
    const last = dayOfDate(window.to) ?? 0;
    if (today < first - 1 || today > last + 1) return [];
    const end = instantOf(zone, { day: last + 1, minute: 0 }, 'last');
    return instantOf(zone, { day: first, minute: 0 }) <= at && at < end ? [end] : [];
  }
  const { from, to } = minutesOf(window);
  // An occurrence of yesterday may reach into today, past midnight or through a night when the clock is set back.
  return [today - 1, today]
    .filter((day) => daysOf(window).has(weekdayOf(day)))
    .flatMap((day) => {
      const start = instantOf(zone, { day, minute: from });
      const end = instantOf(
        zone,
        { day: day + Math.floor(to / DAY_MINUTES), minute: to % DAY_MINUTES },
        'last',
      );
      return start <= at && at < end ? [end] : [];
    });
}

/** `to` behind `from`: beyond 24:00 when the window passes midnight. */
function minutesOf(window: WeeklyWindow): { readonly from: number; readonly to: number } {
  const from = minuteOfTime(window.from) ?? 0;
  const to = minuteOfTime(window.to) ?? 0;
  return { from, to: to > from ? to : to + DAY_MINUTES };
}

function daysOf(window: WeeklyWindow): ReadonlySet<number> {
  return new Set((window.days ?? WEEKDAYS).map((day) => WEEKDAYS.indexOf(day)));
}

/** Minutes since Sunday 00:00, in one or, over the end of the week, two stretches. */
function weekMinutesOf(window: WeeklyWindow): { readonly from: number; readonly to: number }[] {
  const { from, to } = minutesOf(window);
  return [...daysOf(window)].flatMap((day) => {
    const begin = day * DAY_MINUTES + from;
    const end = day * DAY_MINUTES + to;
    return end <= WEEK_MINUTES
      ? [{ from: begin, to: end }]
      : [
          { from: begin, to: WEEK_MINUTES },
          { from: 0, to: end - WEEK_MINUTES },
        ];
  });
}
