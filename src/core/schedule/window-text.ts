/** Windows as people write them: `mon-fri 07:30-16:00`, `22:00-06:00`, `2026-12-20..2027-01-06`, `2026-12-24`. */
import { WEEKDAYS, type Weekday, type Window } from './window.ts';

export const WINDOW_TEXT_FORMS =
  "'mon-fri 07:30-16:00', '22:00-06:00' (every day), '2026-12-20..2027-01-06' or '2026-12-24'";

const DATES = /^(\d{4}-\d{2}-\d{2})(?:\s*\.\.\s*(\d{4}-\d{2}-\d{2}))?$/u;
const TIMES = /^(?:([a-z,-]+)\s+)?(\d{2}:\d{2})\s*-\s*(\d{2}:\d{2})$/u;
const MONDAY = 1;

/** Null when the text has none of the forms. Whether its times and dates exist, readSchedule says. */
export function parseWindowText(text: string): Window | null {
  const lower = text.trim().toLowerCase();
  const dates = DATES.exec(lower);
  if (dates) return { from: dates[1] ?? '', to: dates[2] ?? dates[1] ?? '' };
  const times = TIMES.exec(lower);
  if (!times) return null;
  const [, daysText, from = '', to = ''] = times;
  if (daysText === undefined || daysText === 'daily') return { from, to };
  const days = parseDays(daysText);
  return days && { days, from, to };
}

export function formatWindow(window: Window): string {
  const { from, to } = window;
  if (!from.includes(':')) return from === to ? from : `${from}..${to}`;
  const days = 'days' in window && window.days !== undefined ? formatDays(window.days) : 'daily';
  return `${days} ${from}-${to}`;
}

function parseDays(text: string): Weekday[] | null {
  const days: Weekday[] = [];
  for (const part of text.split(',')) {
    const [first, last, ...rest] = part.split('-').map(weekdayNamed);
    if (first === undefined || first < 0 || rest.length > 0 || (last !== undefined && last < 0)) return null;
    const length = last === undefined ? 1 : ((last - first + 7) % 7) + 1;
    for (let step = 0; step < length; step += 1) {
      const day = WEEKDAYS[(first + step) % 7];
      if (day !== undefined && !days.includes(day)) days.push(day);
    }
  }
  return days;
}

/** -1: none. Three letters or more. */
function weekdayNamed(text: string): number {
  return text.length < 3 ? -1 : WEEKDAYS.findIndex((day) => day.startsWith(text));
}

/** From Monday on, three and more that follow each other as a range. */
function formatDays(days: readonly Weekday[]): string {
  const places = days.map((day) => (WEEKDAYS.indexOf(day) - MONDAY + 7) % 7).sort((a, b) => a - b);
  const parts: string[] = [];
  for (let index = 0; index < places.length;) {
    let end = index;
    while (places[end + 1] === (places[end] ?? 0) + 1) end += 1;
    const names = places
      .slice(index, end + 1)
      .map((place) => (WEEKDAYS[(place + MONDAY) % 7] ?? '').slice(0, 3));
    parts.push(...(names.length > 2 ? [`${names[0]}-${names.at(-1)}`] : names));
    index = end + 1;
  }
  return parts.join(',');
}
