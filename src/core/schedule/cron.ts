/**
 * Lines of cron: five fields (minute, hour, day of month, month, day of week) or one of @hourly, @daily, @midnight, @weekly,
 * @monthly, @yearly, @annually. Lists, ranges, steps, English names, 7 for Sunday. As in Vixie cron, a day fits when either
 * the day of month or the day of week does, unless one of the two begins with an asterisk: then both must.
 */
import { dateOfDay, DAY_MINUTES, instantOf, wallTimeAt, weekdayOf } from './wall-clock.ts';

export interface Cron {
  /** Minutes from midnight, ascending. */
  readonly times: readonly number[];
  readonly months: ReadonlySet<number>;
  readonly daysOfMonth: ReadonlySet<number>;
  /** 0: Sunday. */
  readonly daysOfWeek: ReadonlySet<number>;
  readonly either: boolean;
}

export type ReadCron = { readonly cron: Cron } | { readonly problem: string };

/** A sync more often than that would be of no use to anybody. */
export const MINIMUM_CRON_MINUTES = 5;
const MAXIMUM_LENGTH = 200;
/** The 29th of February on a given weekday comes back after 40 years at the latest. */
const HORIZON_DAYS = 41 * 366;

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const NICKNAMES: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

interface Field {
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly names?: readonly string[];
}

const FIELDS = [
  { name: 'minute', minimum: 0, maximum: 59 },
  { name: 'hour', minimum: 0, maximum: 23 },
  { name: 'day of month', minimum: 1, maximum: 31 },
  { name: 'month', minimum: 1, maximum: 12, names: MONTHS },
  { name: 'day of week', minimum: 0, maximum: 7, names: WEEKDAYS },
] as const satisfies readonly Field[];

/** Reads a line, or says what is wrong with it: a fault of form, a day that never comes, a line that fires too often. */
export function readCron(line: string): ReadCron {
  if (line.length > MAXIMUM_LENGTH)
    return { problem: `A cron line has at most ${MAXIMUM_LENGTH} characters.` };
  const text = line.trim().toLowerCase();
  const known = Object.hasOwn(NICKNAMES, text) ? NICKNAMES[text] : undefined;
  const parts = (known ?? text).split(/\s+/u);
  if (text.startsWith('@') && known === undefined)
    return { problem: `There is no '${text}'. Use ${Object.keys(NICKNAMES).join(', ')}, or five fields.` };
  if (parts.length !== FIELDS.length)
    return {
      problem: `A cron line has five fields (${FIELDS.map(({ name }) => name).join(', ')}), such as '30 4 * * mon-fri'; this one has ${text === '' ? 'none' : parts.length}.`,
    };
  const sets: ReadonlySet<number>[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const set = readField(field, parts[index] ?? '');
    if (typeof set === 'string') return { problem: set };
    sets.push(set);
  }
  const [
    minutes = new Set(),
    hours = new Set(),
    daysOfMonth = new Set(),
    months = new Set(),
    week = new Set(),
  ] = sets;
  const cron: Cron = {
    times: [...hours]
      .flatMap((hour) => [...minutes].map((minute) => hour * 60 + minute))
      .sort((a, b) => a - b),
    months,
    daysOfMonth,
    daysOfWeek: new Set([...week].map((day) => day % 7)),
    either: !(parts[2] ?? '').startsWith('*') && !(parts[4] ?? '').startsWith('*'),
  };
  const problem = neverFires(cron) ?? firesTooOften(cron);
  return problem === null ? { cron } : { problem };
}

/**
 * The first time after `after` that the line fires; null when there is none within forty years, or the line is wrong. A time that
 * summer time leaves out fires at the first moment after the gap, one that is there twice at the first.
 */
export function nextCronTime(line: string, zone: string, after: Date): Date | null {
  const read = readCron(line);
  if ('problem' in read) return null;
  const { cron } = read;
  const from = wallTimeAt(zone, after);
  for (let day = from.day; day <= from.day + HORIZON_DAYS; day += 1) {
    if (!fitsDay(cron, day)) continue;
    for (const minute of cron.times) {
      if (day === from.day && minute < from.minute) continue;
      const at = instantOf(zone, { day, minute });
      if (at > after) return at;
    }
  }
  return null;
}

function readField(field: Field, text: string): ReadonlySet<number> | string {
  const wrong = (what: string): string =>
    `${what} is no ${field.name}: use ${field.minimum} to ${field.maximum}, ranges (a-b), lists (a,b) and steps (*/n)${field.names === undefined ? '' : ', or names such as ' + field.names.slice(0, 3).join(', ')}.`;
  const set = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(?:(\*)|([a-z]{3}|\d{1,2})(?:-([a-z]{3}|\d{1,2}))?)(?:\/(\d{1,2}))?$/u.exec(part);
    if (match === null) return wrong(`'${part}'`);
    const [, star, first, last, step] = match;
    if (step !== undefined && star === undefined && last === undefined)
      return `'${part}' has a step without a range: write ${part.replace('/', `-${field.maximum}/`)}.`;
    const from = star === undefined ? valueOf(field, first ?? '') : field.minimum;
    const to =
      star !== undefined
        ? field.name === 'day of week'
          ? 6
          : field.maximum
        : last === undefined
          ? from
          : valueOf(field, last);
    const every = step === undefined ? 1 : Number(step);
    if (from === null || to === null) return wrong(`'${part}'`);
    if (from > to)
      return `'${part}' runs backwards: write two ranges, for instance ${field.names === undefined ? '22-23,0-5' : 'fri-sat,sun-mon'}.`;
    if (every === 0) return `'${part}' has the step 0.`;
    for (let value = from; value <= to; value += every) set.add(value);
  }
  return set;
}

function valueOf(field: Field, text: string): number | null {
  const named = field.names?.indexOf(text) ?? -1;
  if (named >= 0) return field.minimum + named;
  const value = /^\d+$/u.test(text) ? Number(text) : Number.NaN;
  return value >= field.minimum && value <= field.maximum ? value : null;
}

function fitsDay(cron: Cron, day: number): boolean {
  const { month, dayOfMonth } = dateOfDay(day);
  if (!cron.months.has(month)) return false;
  const fitsMonth = cron.daysOfMonth.has(dayOfMonth);
  const fitsWeek = cron.daysOfWeek.has(weekdayOf(day));
  return cron.either ? fitsMonth || fitsWeek : fitsMonth && fitsWeek;
}

function neverFires(cron: Cron): string | null {
  if (cron.either) return null;
  const first = Math.min(...cron.daysOfMonth);
  const longest = Math.max(
    ...[...cron.months].map((month) => new Date(Date.UTC(2024, month, 0)).getUTCDate()),
  );
  return first > longest ? `This line never fires: none of its months has a day ${first}.` : null;
}

function firesTooOften(cron: Cron): string | null {
  const { times } = cron;
  const first = times[0] ?? 0;
  const distances = times.map((time, index) => (times[index + 1] ?? first + DAY_MINUTES) - time);
  const shortest = Math.min(...distances);
  return shortest < MINIMUM_CRON_MINUTES
    ? `This line fires after ${shortest === 1 ? 'one minute' : `${shortest} minutes`} again; the least is ${MINIMUM_CRON_MINUTES} minutes.`
    : null;
}
