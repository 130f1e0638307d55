import { ON_EXPIRATION } from '#core/schedule/schedule.ts';
import { formatWallTime } from '#core/schedule/wall-clock.ts';
import type { Window } from '#core/schedule/window.ts';
import { formatWindow, parseWindowText, WINDOW_TEXT_FORMS } from '#core/schedule/window-text.ts';

import { scheduleAnswer, type ScheduleAnswer } from '../client/answers.ts';
import type { ApiClient } from '../client/api-client.ts';
import type { Command, CommandCall } from '../command.ts';
import { withConnection } from '../connection.ts';
import { UsageError } from '../exit-codes.ts';
import { PROFILE_OPTION } from '../profile-option.ts';
import { requireProfile, schedulePath } from '../profiles.ts';
import { printable, wrap } from '../view/format.ts';

const NONE = 'none';

export const scheduleCommand: Command = {
  name: 'schedule',
  summary: 'Show or set when a profile syncs by itself, and when it does not.',
  description: [
    'Without an option it shows the schedule. An option changes what it names and leaves the rest; none in place of a value takes it away. --clear takes everything away, and other options beside it begin anew.',
    `A window is ${WINDOW_TEXT_FORMS}, in the time zone of the schedule.`,
  ],
  arguments: [],
  options: {
    ...PROFILE_OPTION,
    cron: {
      type: 'string',
      value: '<line>',
      summary: "Start at these times, for instance '30 4 * * mon-fri'.",
    },
    'time-zone': {
      type: 'string',
      value: '<zone>',
      summary: 'What the times mean; without it the time zone of the tenant.',
    },
    'on-upload': { type: 'boolean', summary: 'Start once all files are uploaded and nothing more comes.' },
    'no-on-upload': { type: 'boolean', summary: 'Do not.' },
    folder: {
      type: 'string',
      value: '<name>',
      summary: 'Take the files of this folder below WATCH_DIR/<tenant id>.',
    },
    blackout: {
      type: 'string',
      value: '<window>',
      multiple: true,
      summary: 'Let no run begin in this window. May be given several times; replaces those there are.',
    },
    'adds-only': {
      type: 'string',
      value: '<window>',
      multiple: true,
      summary: 'End nothing in this window, only add and update. As --blackout.',
    },
    'not-before': {
      type: 'string',
      value: '<time>',
      summary: 'Let no run begin before, for instance 2026-09-01T06:00:00+02:00.',
    },
    'on-expiration': {
      type: 'string',
      value: '<what>',
      summary: `What becomes of the classes when the profile expires: ${ON_EXPIRATION.join(', ')}.`,
    },
    clear: { type: 'boolean', summary: 'Take the whole schedule away.' },
  },
  shared: ['client', 'place', 'output'],
  examples: [
    { line: 'rollbook schedule --profile contoso', summary: 'What is scheduled.' },
    {
      line: "rollbook schedule --profile contoso --cron '30 4 * * mon-fri' --blackout 'mon-fri 07:30-16:00'",
      summary: 'Early on workdays, and never during lessons.',
    },
    { line: 'rollbook schedule --profile contoso --clear', summary: 'Only by hand from now on.' },
  ],
  exits: ['unreachable'],
  run: (call) => {
    const change = readChange(call);
    return withConnection(call, { mayCreate: false }, async ({ client }) => {
      const profile = await requireProfile(client, call.option('profile'));
      if (change !== null) await saveSchedule(client, profile.id, change);
      const answer = await client.get(schedulePath(profile.id), scheduleAnswer);
      call.view.result({
        document: { profile: { id: profile.id, displayName: profile.displayName }, ...answer },
        lines: [
          `${call.view.paint.bold(printable(profile.displayName))}: ${headline(answer)}`,
          ...linesOf(answer),
        ],
      });
      return 'ok';
    });
  },
};

interface ScheduleChange {
  /** Begin anew instead of with what there is. */
  readonly clear: boolean;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** What the options ask for; null: nothing. Throws UsageError. */
function readChange(call: CommandCall): ScheduleChange | null {
  const properties: Record<string, unknown> = {};
  const text = (option: string, property: string): void => {
    const value = call.option(option);
    if (value !== undefined) properties[property] = value === NONE ? null : value;
  };
  text('cron', 'cron');
  text('time-zone', 'timeZone');
  text('folder', 'watchedFolder');
  text('not-before', 'notBefore');
  const onExpiration = call.option('on-expiration');
  if (onExpiration !== undefined) properties['onExpiration'] = onExpiration;
  if (call.flag('on-upload') && call.flag('no-on-upload'))
    throw new UsageError('--on-upload and --no-on-upload contradict each other.');
  if (call.flag('on-upload')) properties['runOnUpload'] = true;
  if (call.flag('no-on-upload')) properties['runOnUpload'] = false;
  for (const [option, property] of [
    ['blackout', 'blackout'],
    ['adds-only', 'addsOnly'],
  ] as const) {
    const given = call.options(option);
    if (given.length > 0) properties[property] = given.flatMap((value) => readWindow(option, value));
  }
  const clear = call.flag('clear');
  return clear || Object.keys(properties).length > 0 ? { clear, properties } : null;
}

function readWindow(option: string, value: string): Window[] {
  if (value === NONE) return [];
  const window = parseWindowText(value);
  if (window === null) throw new UsageError(`--${option} '${value}' is no window: use ${WINDOW_TEXT_FORMS}.`);
  return [window];
}

async function saveSchedule(client: ApiClient, profileId: string, change: ScheduleChange): Promise<void> {
  const { clear, properties } = change;
  const before = clear ? {} : (await client.get(schedulePath(profileId), scheduleAnswer)).schedule;
  const onlyClear = clear && Object.keys(properties).length === 0;
  await client.send({
    method: 'PATCH',
    path: `/api/v1/profiles/${encodeURIComponent(profileId)}/settings`,
    body: { schedule: onlyClear ? null : { ...before, ...properties } },
  });
}

function headline({ schedule, active, timeZone }: ScheduleAnswer): string {
  const starts = schedule.cron !== null || schedule.runOnUpload || schedule.watchedFolder !== null;
  if (!starts) return 'starts by hand only.';
  return active
    ? `starts by itself (times of ${timeZone}).`
    : 'starts nothing now: it is paused, expired, not provisioned, or of a kind that this version does not run.';
}

function linesOf(answer: ScheduleAnswer): string[] {
  const { schedule, timeZone } = answer;
  const time = (text: string | null): string =>
    text === null ? '' : formatWallTime(timeZone, new Date(text));
  const rows: [string, string][] = [];
  const row = (name: string, value: string | null | false): void => {
    if (value !== null && value !== false && value !== '') rows.push([name, printable(value)]);
  };
  row('cron', schedule.cron);
  row('next cron time', time(answer.nextCronAt));
  row('next run', answer.nextRunAt !== answer.nextCronAt && time(answer.nextRunAt));
  row(
    'last cron time',
    answer.lastCronAt &&
      `${time(answer.lastCronAt)}, ${answer.lastCronResult === 'started' ? 'started' : 'there were no files'}`,
  );
  row('on upload', schedule.runOnUpload && 'starts once all files are there and nothing more comes');
  row('folder', answer.folder && (answer.folder.path ?? schedule.watchedFolder));
  row('', answer.folder && answer.folder.note);
  row('not before', time(schedule.notBefore));
  row('blackout', schedule.blackout.map(formatWindow).join('; '));
  row('adds only', schedule.addsOnly.map(formatWindow).join('; '));
  row('on expiration', schedule.onExpiration !== 'keep' && schedule.onExpiration);
  row('expired on', answer.expiredOn);
  row('now', answer.waitsBecause);
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  const indent = ' '.repeat(width + 4);
  return rows.flatMap(([name, value]) => {
    const [first = '', ...rest] = wrap(value, 100, indent);
    return [`  ${name.padEnd(width)}  ${first.slice(indent.length)}`, ...rest];
  });
}
