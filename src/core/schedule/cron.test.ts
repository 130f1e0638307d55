import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { stepCron } from './cron-due.ts';
import { nextCronTime, readCron } from './cron.ts';
import { instantOf, wallTimeAt } from './wall-clock.ts';

const ZONES = ['America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'Africa/Casablanca', 'UTC'];
const RUNS = 200;

/** The next times of a line, as ISO text. */
function timesOf(line: string, zone: string, after: string, count: number): string[] {
  const times: string[] = [];
  let at: Date | null = new Date(after);
  while (times.length < count && at !== null) {
    at = nextCronTime(line, zone, at);
    if (at !== null) times.push(at.toISOString().slice(0, 16));
  }
  return times;
}

const NEXT: [string, string, string, string, string[]][] = [
  ['every weekday', '30 4 * * mon-fri', 'UTC', '2026-11-27T05:00Z', ['2026-11-30T04:30', '2026-12-01T04:30']],
  [
    'names and lists',
    '0 6,18 * jan,DEC *',
    'UTC',
    '2026-12-31T10:00Z',
    ['2026-12-31T18:00', '2027-01-01T06:00'],
  ],
  [
    'as often as it may',
    '*/5 * * * *',
    'UTC',
    '2026-01-01T23:51Z',
    ['2026-01-01T23:55', '2026-01-02T00:00', '2026-01-02T00:05'],
  ],
  ['7 is Sunday', '0 6 * * 7', 'UTC', '2026-01-01T00:00Z', ['2026-01-04T06:00']],
  ['@daily', '@daily', 'Europe/Berlin', '2026-01-01T00:00Z', ['2026-01-01T23:00']],
  [
    'either day',
    '0 0 13 * 5',
    'UTC',
    '2026-01-01T00:00Z',
    ['2026-01-02T00:00', '2026-01-09T00:00', '2026-01-13T00:00'],
  ],
  [
    'both, with an asterisk',
    '0 0 */2 * 5',
    'UTC',
    '2026-01-01T00:00Z',
    ['2026-01-09T00:00', '2026-01-23T00:00'],
  ],
  ['29 February', '0 0 29 2 *', 'UTC', '2097-01-01T00:00Z', ['2104-02-29T00:00']],
  ['exactly now is past', '0 0 * * *', 'UTC', '2026-01-01T00:00Z', ['2026-01-02T00:00']],
  [
    'left out in spring: after the gap',
    '30 2 * * *',
    'America/New_York',
    '2026-03-07T12:00Z',
    ['2026-03-08T07:00', '2026-03-09T06:30'],
  ],
  [
    'there twice in autumn: once, the first',
    '30 1 * * *',
    'America/New_York',
    '2026-10-31T12:00Z',
    ['2026-11-01T05:30', '2026-11-02T06:30'],
  ],
  [
    'half an hour of summer time',
    '15 2 * * *',
    'Australia/Lord_Howe',
    '2026-10-03T00:00Z',
    ['2026-10-03T15:30', '2026-10-04T15:15'],
  ],
  [
    'a whole day left out',
    '0 12 * * *',
    'Pacific/Apia',
    '2011-12-29T23:00Z',
    ['2011-12-30T10:00', '2011-12-30T22:00'],
  ],
  [
    'summer time but for Ramadan',
    '30 2 * * *',
    'Africa/Casablanca',
    '2026-03-21T05:00Z',
    ['2026-03-22T02:00', '2026-03-23T01:30'],
  ],
];
for (const [name, line, zone, after, expected] of NEXT)
  test(`cron: ${name}`, () => assert.deepEqual(timesOf(line, zone, after, expected.length), expected));

const REFUSED: [string, RegExp][] = [
  ['0 0 30 2 *', /never fires: none of its months has a day 30/u],
  ['0 0 31 4,6,9,11 *', /never fires/u],
  ['* * * * *', /after one minute again; the least is 5/u],
  ['*/4 * * * *', /after 4 minutes/u],
  ['59 23 * * *,x', /'x' is no day of week/u],
  ['0,58 0,23 * * *', /after 2 minutes/u],
  ['60 0 * * *', /'60' is no minute: use 0 to 59/u],
  ['0 24 * * *', /no hour/u],
  ['0 0 0 * *', /no day of month/u],
  ['0 0 * 13 *', /no month/u],
  ['0 0 * * 8', /no day of week/u],
  ['5-1 * * * *', /runs backwards/u],
  ['*/0 * * * *', /step 0/u],
  ['5/15 * * * *', /write 5-59\/15/u],
  ['0 0 L * *', /no day of month/u],
  ['0 0 * *', /five fields .* this one has 4/u],
  ['0 0 * * * *', /this one has 6/u],
  ['', /this one has none/u],
  ['@reboot', /There is no '@reboot'/u],
  ['0 0 1,,2 * *', /'' is no day of month/u],
  ['0x5 0 * * *', /no minute/u],
  [`${'0,'.repeat(200)}0 0 * * *`, /at most 200 characters/u],
];
for (const [line, problem] of REFUSED)
  test(`cron: '${line.slice(0, 20)}' is refused`, () => {
    const read = readCron(line);
    assert.match('problem' in read ? read.problem : 'accepted', problem);
  });

const lines = fc
  .tuple(
    fc.integer({ min: 0, max: 59 }),
    fc.constantFrom('0', '1', '2', '1-3', '*', '23', '*/6'),
    fc.constantFrom('*', '1-7', '31', '*/3'),
    fc.constantFrom('*', '3,4,10,11', '1-12/2'),
    fc.constantFrom('*', 'sun', 'mon-fri', '6,7'),
  )
  .map((fields) => fields.join(' '))
  .filter((line) => !('problem' in readCron(line)));
const zones = fc.constantFrom(...ZONES);
const instants = fc.date({
  min: new Date('2024-01-01T00:00:00Z'),
  max: new Date('2030-01-01T00:00:00Z'),
  noInvalidDate: true,
});

test('cron, law: times rise, and none lies between two that follow each other', () => {
  fc.assert(
    fc.property(
      lines,
      zones,
      instants,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (line, zone, after, part) => {
        const next = nextCronTime(line, zone, after);
        if (next === null) return;
        assert.ok(next > after);
        const between = new Date(after.getTime() + Math.floor((next.getTime() - after.getTime()) * part));
        const again = nextCronTime(line, zone, between);
        if (between < next) assert.equal(again?.getTime(), next.getTime());
      },
    ),
    { numRuns: RUNS },
  );
});

test('cron, law: a daily line fires once on each day of the year, whatever summer time does', () => {
  fc.assert(
    fc.property(
      zones,
      fc.integer({ min: 2024, max: 2028 }),
      fc.integer({ min: 0, max: 1_439 }),
      (zone, year, minute) => {
        const line = `${minute % 60} ${Math.floor(minute / 60)} * * *`;
        const first = Math.floor(Date.UTC(year, 0, 1) / 86_400_000);
        let at: Date | null = instantOf(zone, { day: first, minute: 0 });
        at = new Date(at.getTime() - 1);
        for (let day = first; day < first + 365; day += 1) {
          at = nextCronTime(line, zone, at);
          assert.ok(at !== null);
          assert.equal(wallTimeAt(zone, at).day, day, `${line} in ${zone}`);
        }
      },
    ),
    { numRuns: 20 },
  );
});

test('the scheduler: what was missed is caught up once, and a clock that jumps back fires nothing again', () => {
  const wanted = { line: '0 * * * *', zone: 'UTC' };
  const at = (text: string): Date => new Date(`2026-11-25T${text}:00Z`);
  let { state, fires } = stepCron({ cron: null, dueAt: null }, wanted, at('08:30'));
  assert.deepEqual([fires, state.dueAt], [false, at('09:00')]);
  ({ state, fires } = stepCron(state, wanted, at('13:20')));
  assert.deepEqual([fires, state.dueAt], [true, at('14:00')], 'five times were missed, one is caught up');
  for (const back of ['08:59', '09:00', '12:00', '13:20', '13:59']) {
    const step = stepCron(state, wanted, at(back));
    assert.deepEqual([step.fires, step.state.dueAt], [false, at('14:00')]);
  }
  ({ state, fires } = stepCron(state, wanted, at('14:00')));
  assert.deepEqual([fires, state.dueAt], [true, at('15:00')]);
  ({ state, fires } = stepCron(state, { ...wanted, zone: 'Asia/Kathmandu' }, at('14:10')));
  assert.deepEqual([fires, state.dueAt], [false, at('14:15')], 'another zone is another schedule');
  assert.deepEqual(stepCron(state, null, at('14:10')).state, { cron: null, dueAt: null });
});
