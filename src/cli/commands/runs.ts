import { runAnswer, type RunAnswer } from '../client/answers.ts';
import type { Command, CommandCall } from '../command.ts';
import { withConnection } from '../connection.ts';
import { UsageError } from '../exit-codes.ts';
import { requireProfile } from '../profiles.ts';
import { formatCount, formatDuration, printable } from '../view/format.ts';
import { runTotals } from '../view/run-lines.ts';
import { textTable } from '../view/text-table.ts';

const DEFAULT_LIMIT = 20;
/** As much of an id as names the millisecond it was made in: enough for rollbook run. */
const SHOWN_ID = 13;
const RIGHT = { align: 'right' as const };

export const runsCommand: Command = {
  name: 'runs',
  summary: 'List the runs of all profiles, or of one, the newest first.',
  description: [
    'With what each one changed, or would change: what is held, rejected, replaced or a preview has changed nothing. rollbook run <id> tells the whole story of one; the id may be shortened as it is shown here.',
  ],
  arguments: [],
  options: {
    profile: { type: 'string', value: '<name or id>', summary: 'Runs of this profile only.' },
    state: {
      type: 'string',
      value: '<state>',
      multiple: true,
      summary: 'Runs in this state only, for instance held or completed. Repeat it for several.',
    },
    from: {
      type: 'string',
      value: '<date>',
      summary: 'Requested on this day or later: 2026-09-01, or 2026-09-01T08:00:00Z.',
    },
    to: { type: 'string', value: '<date>', summary: 'Requested on this day or before.' },
    limit: {
      type: 'string',
      value: '<number>',
      summary: `How many to list; default ${DEFAULT_LIMIT}, 0 for all.`,
    },
  },
  shared: ['client', 'place', 'output'],
  examples: [
    { line: 'rollbook runs', summary: 'What happened last.' },
    { line: 'rollbook runs --profile contoso --limit 0', summary: 'The history of a profile.' },
    {
      line: 'rollbook runs --state held --state broken --from 2026-09-01',
      summary: 'What did not go through since September.',
    },
  ],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const limit = limitOf(call.option('limit'));
      const name = call.option('profile');
      const profile = name === undefined ? null : await requireProfile(client, name);
      // One more than asked for tells whether there are more.
      const runs = await client.list(
        pathOf(call, profile?.id, limit),
        runAnswer,
        limit === Number.POSITIVE_INFINITY ? limit : limit + 1,
      );
      const shown = runs.slice(0, limit);
      call.view.result({
        document: {
          profile: profile === null ? null : { id: profile.id, displayName: profile.displayName },
          runs: shown,
          more: runs.length > shown.length,
        },
        lines: [
          ...(shown.length === 0 ? ['There are no such runs.'] : tableOf(shown, profile === null)),
          ...(runs.length > shown.length ? ['', 'There are more: use --limit 0 for all.'] : []),
        ],
      });
      return 'ok';
    }),
};

function pathOf(call: CommandCall, profileId: string | undefined, limit: number): string {
  const filters = [
    ['profileId', profileId],
    ['state', call.options('state').length === 0 ? undefined : call.options('state').join(',')],
    ['from', call.option('from')],
    ['to', call.option('to')],
    ['$top', String(limit < 999 ? limit + 1 : 999)],
  ] as const;
  const query = filters.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return `/api/v1/runs?${query.join('&')}`;
}

function tableOf(runs: readonly RunAnswer[], withProfile: boolean): string[] {
  return textTable(
    [
      { title: 'run' },
      { title: 'requested' },
      ...(withProfile ? [{ title: 'profile' }] : []),
      { title: 'state' },
      { title: 'took', ...RIGHT },
      { title: 'created', ...RIGHT },
      { title: 'updated', ...RIGHT },
      { title: 'ended', ...RIGHT },
      { title: 'what' },
    ],
    runs.map((run) => {
      const totals = runTotals(run);
      const numbers =
        totals === null
          ? ['', '', '']
          : [totals.created + totals.linked, totals.updated, totals.ended].map(formatCount);
      const took = run.durationSeconds ?? null;
      return [
        run.id.slice(0, SHOWN_ID),
        (run.createdAt ?? '').slice(0, 16).replace('T', ' '),
        ...(withProfile ? [printable(run.profileDisplayName)] : []),
        run.planOnly ? `${run.state} (preview)` : run.state,
        took === null ? '' : formatDuration(took * 1_000),
        ...numbers,
        printable(run.message ?? ''),
      ];
    }),
  );
}

function limitOf(option: string | undefined): number {
  if (option === undefined) return DEFAULT_LIMIT;
  const limit = Number(option);
  if (!Number.isInteger(limit) || limit < 0)
    throw new UsageError(`--limit '${option}' is not a whole number of 0 or more.`);
  return limit === 0 ? Number.POSITIVE_INFINITY : limit;
}
