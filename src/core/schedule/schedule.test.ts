import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { readSchedule } from './schedule-settings.ts';
import { isAddsOnly, NOTHING_SCHEDULED, sayWait, waitOf } from './schedule.ts';
import { wallTimeAt, weekdayOf } from './wall-clock.ts';
import { WEEKDAYS, windowEnd, type Window } from './window.ts';

const WORKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'] as const;
const SCHOOL: Window = { days: WORKDAYS, from: '07:30', to: '16:00' };

const ENDS: [string, Window[], string, string, string | null][] = [
  ['inside', [SCHOOL], 'Europe/Berlin', '2026-11-25T09:00Z', '2026-11-25T15:00'],
  ['its begin is in it', [SCHOOL], 'Europe/Berlin', '2026-11-25T06:30Z', '2026-11-25T15:00'],
  ['its end is not', [SCHOOL], 'Europe/Berlin', '2026-11-25T15:00Z', null],
  ['another day', [SCHOOL], 'Europe/Berlin', '2026-11-28T09:00Z', null],
  [
    'past midnight',
    [{ days: ['friday'], from: '22:00', to: '06:00' }],
    'UTC',
    '2026-11-28T03:00Z',
    '2026-11-28T06:00',
  ],
  [
    'but not the night before',
    [{ days: ['friday'], from: '22:00', to: '06:00' }],
    'UTC',
    '2026-11-27T03:00Z',
    null,
  ],
  [
    'whole days',
    [{ from: '2026-12-20', to: '2027-01-06' }],
    'Europe/Berlin',
    '2026-12-31T12:00Z',
    '2027-01-06T23:00',
  ],
  [
    'whole days, the last of which ends twice',
    [{ from: '2026-10-30', to: '2026-10-31' }],
    'America/Havana',
    '2026-11-01T04:30Z',
    '2026-11-01T05:00',
  ],
  [
    'windows that follow at once are one',
    [SCHOOL, { from: '16:00', to: '18:00' }],
    'UTC',
    '2026-11-25T08:00Z',
    '2026-11-25T18:00',
  ],
  [
    'over days',
    [{ from: '00:00', to: '24:00', days: [...WORKDAYS] }],
    'UTC',
    '2026-11-25T08:00Z',
    '2026-11-28T00:00',
  ],
  [
    'in the hour that is there twice',
    [{ from: '00:00', to: '01:30' }],
    'America/New_York',
    '2026-11-01T06:10Z',
    '2026-11-01T06:30',
  ],
  [
    'a begin that summer time leaves out',
    [{ from: '02:30', to: '04:00' }],
    'America/New_York',
    '2026-03-08T07:00Z',
    '2026-03-08T08:00',
  ],
];
for (const [name, windows, zone, at, expected] of ENDS)
  test(`window: ${name}`, () => {
    assert.equal(windowEnd(windows, zone, new Date(at))?.toISOString().slice(0, 16) ?? null, expected);
  });

const minute = fc.integer({ min: 0, max: 1_439 });
const clock = (value: number): string =>
  `${String(Math.floor(value / 60)).padStart(2, '0')}:${String(value % 60).padStart(2, '0')}`;

test('window, law: whenever the clock on the wall shows a time of the window it holds, and its end is outside', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'Africa/Casablanca', 'UTC'),
      fc.subarray([...WEEKDAYS], { minLength: 1 }),
      minute,
      minute,
      fc.date({
        min: new Date('2024-01-01T00:00:00Z'),
        max: new Date('2030-01-01T00:00:00Z'),
        noInvalidDate: true,
      }),
      (zone, days, from, to, at) => {
        fc.pre(from !== to && !(days.length === 7 && to === from));
        const window = { days, from: clock(from), to: clock(to) };
        const end = windowEnd([window], zone, at);
        const { day, minute: now } = wallTimeAt(zone, at);
        const on = (offset: number): boolean => days.includes(WEEKDAYS[weekdayOf(day + offset)] ?? 'sunday');
        const shown =
          from < to ? on(0) && now >= from && now < to : (on(0) && now >= from) || (on(-1) && now < to);
        if (shown) assert.ok(end !== null, `${JSON.stringify(window)} at ${at.toISOString()} in ${zone}`);
        if (end !== null) {
          assert.ok(end > at);
          assert.equal(windowEnd([window], zone, end), null);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('waiting: not before a time, then to the end of the window it falls into', () => {
  const schedule = { ...NOTHING_SCHEDULED, notBefore: '2026-11-26T10:00:00.000Z', blackout: [SCHOOL] };
  const at = new Date('2026-11-25T23:00:00Z');
  assert.deepEqual(waitOf(schedule, 'UTC', at), {
    until: new Date('2026-11-26T16:00:00Z'),
    because: 'blackout',
  });
  const early = { ...schedule, blackout: [] };
  const wait = waitOf(early, 'UTC', at);
  assert.deepEqual(wait, { until: new Date('2026-11-26T10:00:00Z'), because: 'notBefore' });
  assert.equal(waitOf(early, 'UTC', new Date('2026-11-26T10:00:00Z')), null);
  assert.match(
    sayWait({ until: new Date('2026-11-26T10:00:00Z'), because: 'notBefore' }, 'Europe/Berlin'),
    /before 2026-11-26 11:00 \(Europe\/Berlin\)/u,
  );
  assert.equal(
    isAddsOnly({ ...NOTHING_SCHEDULED, addsOnly: [SCHOOL] }, 'UTC', new Date('2026-11-25T08:00Z')),
    true,
  );
});

const REFUSED: [string, unknown, string, RegExp][] = [
  ['text', 'nightly', 'schedule', /Send an object, or null/u],
  ['an unknown property', { crom: '@daily' }, 'schedule.crom', /no such property. It has cron/u],
  ['a cron line that never fires', { cron: '0 0 30 2 *' }, 'schedule.cron', /never fires/u],
  ['a number as cron', { cron: 5 }, 'schedule.cron', /Use a cron line/u],
  ['an unknown zone', { timeZone: 'Mars/Olympus' }, 'schedule.timeZone', /IANA name/u],
  ['an offset as zone', { timeZone: '+02:00' }, 'schedule.timeZone', /IANA name/u],
  ['yes', { runOnUpload: 'yes' }, 'schedule.runOnUpload', /true or false/u],
  ['a way up', { watchedFolder: '../other' }, 'schedule.watchedFolder', /no "\.\."/u],
  ['a way up in the middle', { watchedFolder: 'a/../../b' }, 'schedule.watchedFolder', /no "\.\."/u],
  ['an absolute path', { watchedFolder: '/etc' }, 'schedule.watchedFolder', /no absolute path/u],
  ['a drive', { watchedFolder: 'C:in' }, 'schedule.watchedFolder', /no colon/u],
  ['backslashes', { watchedFolder: '..\\x' }, 'schedule.watchedFolder', /no backslash/u],
  ['a null character', { watchedFolder: 'a\0b' }, 'schedule.watchedFolder', /cannot be shown/u],
  ['the folder of the tenant', { watchedFolder: '.' }, 'schedule.watchedFolder', /no "\."/u],
  ['no way at all', { watchedFolder: 'a/./b' }, 'schedule.watchedFolder', /no "\."/u],
  ['an empty part', { watchedFolder: 'a//b' }, 'schedule.watchedFolder', /no empty part/u],
  ['a blank at an end', { watchedFolder: 'a /b' }, 'schedule.watchedFolder', /ends with a blank/u],
  ['no name', { watchedFolder: '' }, 'schedule.watchedFolder', /1 to 200 characters/u],
  ['a time without offset', { notBefore: '2026-09-01T06:00' }, 'schedule.notBefore', /with its offset/u],
  ['a day that is none', { notBefore: '2026-02-30T06:00:00Z' }, 'schedule.notBefore', /ISO 8601/u],
  ['no list', { blackout: {} }, 'schedule.blackout', /Use a list/u],
  ['a window without end', { blackout: [{ from: '07:00' }] }, 'schedule.blackout[0]', /Use \{/u],
  ['25 o’clock', { addsOnly: [{ from: '07:00', to: '25:00' }] }, 'schedule.addsOnly[0]', /that exist/u],
  [
    'a time and a date',
    { blackout: [{ from: '07:00', to: '2026-01-01' }] },
    'schedule.blackout[0]',
    /that exist/u,
  ],
  ['no length', { blackout: [{ from: '07:00', to: '07:00' }] }, 'schedule.blackout[0]', /no length/u],
  [
    'a begin at the end of the day',
    { blackout: [{ from: '24:00', to: '06:00' }] },
    'schedule.blackout[0]',
    /no length/u,
  ],
  [
    'dates backwards',
    { blackout: [{ from: '2026-02-01', to: '2026-01-01' }] },
    'schedule.blackout[0]',
    /ends before it begins/u,
  ],
  [
    'a window of years',
    { blackout: [{ from: '2026-01-01', to: '2036-01-01' }] },
    'schedule.blackout[0]',
    /at most 366 days/u,
  ],
  [
    'a day more than a leap year',
    { blackout: [{ from: '2026-01-01', to: '2027-01-02' }] },
    'schedule.blackout[0]',
    /at most 366 days/u,
  ],
  [
    'a day that is no weekday',
    { blackout: [{ days: ['funday'], from: '07:00', to: '08:00' }] },
    'schedule.blackout[0].days',
    /each once/u,
  ],
  [
    'a day twice',
    { blackout: [{ days: ['monday', 'monday'], from: '07:00', to: '08:00' }] },
    'schedule.blackout[0].days',
    /each once/u,
  ],
  [
    'no day',
    { blackout: [{ days: [], from: '07:00', to: '08:00' }] },
    'schedule.blackout[0].days',
    /leave days out/u,
  ],
  ['the whole week', { blackout: [{ from: '00:00', to: '24:00' }] }, 'schedule.blackout', /whole week/u],
  [
    'the whole week in two',
    {
      blackout: [
        { from: '06:00', to: '18:00' },
        { from: '18:00', to: '06:00' },
      ],
    },
    'schedule.blackout',
    /whole week/u,
  ],
  ['too many', { blackout: Array.from({ length: 51 }, () => SCHOOL) }, 'schedule.blackout', /at most 50/u],
  ['an unknown end', { onExpiration: 'delete' }, 'schedule.onExpiration', /Use one of keep/u],
];
for (const [name, value, property, message] of REFUSED)
  test(`schedule: ${name} is refused`, () => {
    const read = readSchedule(value);
    assert.ok('problem' in read, 'it was taken');
    assert.equal(read.problem.property, property);
    assert.match(read.problem.message, message);
  });

test('schedule: null clears; what is read can be read again', () => {
  assert.deepEqual(readSchedule(null), { schedule: NOTHING_SCHEDULED });
  const full = {
    cron: '30 4 * * mon-fri',
    timeZone: 'Europe/Berlin',
    runOnUpload: true,
    watchedFolder: 'schools/nightly',
    notBefore: '2026-09-01T06:00:00+02:00',
    blackout: [SCHOOL, { from: '2026-12-20', to: '2027-01-06' }, { from: '2028-01-01', to: '2028-12-31' }],
    addsOnly: [{ from: '16:00', to: '07:30' }],
    onExpiration: 'expireClasses',
  };
  const read = readSchedule(full);
  assert.ok('schedule' in read);
  assert.equal(read.schedule.notBefore, '2026-09-01T04:00:00.000Z');
  assert.deepEqual(readSchedule(JSON.parse(JSON.stringify(read.schedule))), read);
});

test('windows without an end cost what one day costs: Intl is slow, and everybody waits meanwhile', (t) => {
  const asked = t.mock.method(Intl.DateTimeFormat.prototype, 'formatToParts');
  const at = new Date('2026-11-25T08:00Z');
  const everyDay: Window[] = Array.from({ length: 50 }, () => ({ from: '00:00', to: '24:00' }));
  assert.ok(isAddsOnly({ ...NOTHING_SCHEDULED, addsOnly: everyDay }, 'Europe/Berlin', at));
  const timeOf = (index: number): string =>
    `${String(Math.floor((index * 28) / 60)).padStart(2, '0')}:${String((index * 28) % 60).padStart(2, '0')}`;
  const chain: Window[] = everyDay.map((_, index) => ({ from: timeOf(index), to: timeOf(index + 1) }));
  const wait = waitOf({ ...NOTHING_SCHEDULED, blackout: chain }, 'Europe/Berlin', at);
  assert.equal(wait?.until.toISOString(), '2026-11-25T22:20:00.000Z');
  assert.ok(asked.mock.callCount() < 100, `Intl was asked ${asked.mock.callCount()} times`);
});

test('a zone is one zone, however its name is written', (t) => {
  const asked = t.mock.method(Intl.DateTimeFormat.prototype, 'formatToParts');
  const at = new Date('2033-07-01T12:00Z');
  const shown = ['Asia/Tokyo', 'asia/tokyo', 'ASIA/TOKYO'].map((zone) => wallTimeAt(zone, at).minute);
  assert.deepEqual(shown, [1_260, 1_260, 1_260]);
  assert.equal(asked.mock.callCount(), 2);
});
