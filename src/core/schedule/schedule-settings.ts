import { readCron } from './cron.ts';
import { faultOfFolder } from './folder-name.ts';
import { NOTHING_SCHEDULED, ON_EXPIRATION, type Schedule } from './schedule.ts';
import { isTimeZone } from './time-zone.ts';
import { dayOfDate } from './wall-clock.ts';
import { coversWholeWeek, minuteOfTime, WEEKDAYS, type Weekday, type Window } from './window.ts';

export type ReadSchedule = { readonly schedule: Schedule } | { readonly problem: ScheduleProblem };

export interface ScheduleProblem {
  /** Path of the property at fault, from `schedule` on. */
  readonly property: string;
  readonly message: string;
}

const MAXIMUM_WINDOWS = 50;
const MAXIMUM_WINDOW_DAYS = 366;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})$/u;
const WINDOW_FORMS =
  '{"days": ["monday", ...], "from": "HH:MM", "to": "HH:MM"} or {"from": "YYYY-MM-DD", "to": "YYYY-MM-DD"}';

/** Found while a value is read; never leaves this file. */
class Refusal extends Error {
  readonly property: string;
  constructor(property: string, message: string) {
    super(message);
    this.property = property;
  }
}

/** A schedule as a client or the database gives it: null for none; what is not named has its default. */
export function readSchedule(value: unknown): ReadSchedule {
  try {
    return { schedule: parseSchedule(value) };
  } catch (error) {
    if (error instanceof Refusal) return { problem: { property: error.property, message: error.message } };
    throw error;
  }
}

function parseSchedule(value: unknown): Schedule {
  if (value === null || value === undefined) return NOTHING_SCHEDULED;
  if (!isObject(value)) throw new Refusal('schedule', 'Send an object, or null to schedule nothing.');
  const unknown = Object.keys(value).find((key) => !(key in NOTHING_SCHEDULED));
  if (unknown !== undefined)
    throw new Refusal(
      `schedule.${unknown.slice(0, 64)}`,
      `A schedule has no such property. It has ${Object.keys(NOTHING_SCHEDULED).join(', ')}.`,
    );
  const schedule: Schedule = {
    cron: parseCron(value['cron']),
    timeZone: parseTimeZone(value['timeZone']),
    runOnUpload: parseFlag('runOnUpload', value['runOnUpload']),
    watchedFolder: parseFolder(value['watchedFolder']),
    notBefore: parseInstant('notBefore', value['notBefore']),
    blackout: parseWindows('blackout', value['blackout']),
    addsOnly: parseWindows('addsOnly', value['addsOnly']),
    onExpiration: parseOnExpiration(value['onExpiration']),
  };
  if (coversWholeWeek(schedule.blackout))
    throw new Refusal(
      'schedule.blackout',
      'These windows cover the whole week, so that no run could ever begin.',
    );
  return schedule;
}

function parseCron(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const property = 'schedule.cron';
  if (typeof value !== 'string')
    throw new Refusal(property, `Use a cron line such as "30 4 * * mon-fri", or null.`);
  const read = readCron(value);
  if ('problem' in read) throw new Refusal(property, read.problem);
  return value.trim();
}

function parseTimeZone(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || value.length > 64 || !isTimeZone(value))
    throw new Refusal(
      'schedule.timeZone',
      'Use an IANA name such as "Europe/Berlin" or "America/New_York", or null for the time zone of the tenant.',
    );
  return value;
}

function parseFlag(name: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value !== 'boolean') throw new Refusal(`schedule.${name}`, 'Use true or false.');
  return value;
}

function parseFolder(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const property = 'schedule.watchedFolder';
  if (typeof value !== 'string')
    throw new Refusal(property, 'Use the name of a folder below the one of the tenant, or null.');
  const fault = faultOfFolder(value);
  if (fault !== null) throw new Refusal(property, fault);
  return value;
}

function parseInstant(name: string, value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const at = typeof value === 'string' && INSTANT.test(value) ? Date.parse(value) : Number.NaN;
  // Date.parse takes the 30th of February for the 2nd of March.
  const isDay = typeof value === 'string' && dayOfDate(value.slice(0, 10)) !== null;
  if (Number.isNaN(at) || !isDay)
    throw new Refusal(
      `schedule.${name}`,
      'Use an ISO 8601 date and time with its offset, such as "2026-09-01T06:00:00+02:00", or null.',
    );
  return new Date(at).toISOString();
}

function parseOnExpiration(value: unknown): Schedule['onExpiration'] {
  if (value === undefined) return NOTHING_SCHEDULED.onExpiration;
  const found = ON_EXPIRATION.find((name) => name === value);
  if (found === undefined)
    throw new Refusal('schedule.onExpiration', `Use one of ${ON_EXPIRATION.join(', ')}.`);
  return found;
}

function parseWindows(name: string, value: unknown): Window[] {
  if (value === undefined || value === null) return [];
  const property = `schedule.${name}`;
  if (!Array.isArray(value)) throw new Refusal(property, `Use a list of ${WINDOW_FORMS}.`);
  if (value.length > MAXIMUM_WINDOWS)
    throw new Refusal(property, `A schedule has at most ${MAXIMUM_WINDOWS} windows of a kind.`);
  return value.map((window: unknown, index) => parseWindow(`${property}[${index}]`, window));
}

function parseWindow(property: string, value: unknown): Window {
  if (!isObject(value)) throw new Refusal(property, `Use ${WINDOW_FORMS}.`);
  const { days, from, to, ...rest } = value;
  if (Object.keys(rest).length > 0 || typeof from !== 'string' || typeof to !== 'string')
    throw new Refusal(property, `Use ${WINDOW_FORMS}.`);
  const firstDay = dayOfDate(from);
  const lastDay = dayOfDate(to);
  if (firstDay !== null && lastDay !== null) {
    if (days !== undefined)
      throw new Refusal(property, 'A window between two dates has no days of the week.');
    if (lastDay < firstDay) throw new Refusal(property, 'The window ends before it begins.');
    if (lastDay - firstDay >= MAXIMUM_WINDOW_DAYS)
      throw new Refusal(property, `A window between two dates is at most ${MAXIMUM_WINDOW_DAYS} days long.`);
    return { from, to };
  }
  const begin = minuteOfTime(from);
  if (begin === null || minuteOfTime(to) === null)
    throw new Refusal(property, `'from' and 'to' are two times or two dates that exist: ${WINDOW_FORMS}.`);
  if (from === to || from === '24:00')
    throw new Refusal(property, 'The window has no length. A whole day is "00:00" to "24:00".');
  return days === undefined ? { from, to } : { days: parseDays(property, days), from, to };
}

function parseDays(property: string, value: unknown): Weekday[] {
  const days = Array.isArray(value) ? value.map((day: unknown) => WEEKDAYS.find((name) => name === day)) : [];
  const known = days.filter((day) => day !== undefined);
  if (known.length === 0 || known.length < days.length || new Set(known).size < known.length)
    throw new Refusal(
      `${property}.days`,
      `Use some of ${WEEKDAYS.map((day) => `"${day}"`).join(', ')}, each once; leave days out for every day.`,
    );
  return known;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
