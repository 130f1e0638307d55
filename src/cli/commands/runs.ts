import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { listRuns } from '../follow-run.ts';
import { PROFILE_OPTION } from '../profile-option.ts';
import { requireProfile } from '../profiles.ts';
import { formatCount, printable } from '../view/format.ts';
import { runTotals } from '../view/run-lines.ts';
import { textTable } from '../view/text-table.ts';

const LIMIT = 20;

export const runsCommand: Command = {
  name: 'runs',
  summary: `List the last ${LIMIT} runs of a profile.`,
  description: ['The newest first, with what each one changed.'],
  arguments: [],
  options: PROFILE_OPTION,
  shared: ['client', 'place', 'output'],
  examples: [{ line: 'rollbook runs --profile contoso', summary: 'The history of a profile.' }],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const profile = await requireProfile(client, call.option('profile'));
      const runs = await listRuns(client, profile.id, LIMIT);
      const rows = runs.map((run) => {
        const totals = runTotals(run);
        const numbers =
          totals === null
            ? ['', '', '']
            : [totals.created + totals.linked, totals.updated, totals.ended].map(formatCount);
        return [run.createdAt ?? '', run.state, ...numbers, printable(run.message ?? '')];
      });
      const right = { align: 'right' as const };
      call.view.result({
        document: { profile: { id: profile.id, displayName: profile.displayName }, runs },
        lines:
          runs.length === 0
            ? [`${profile.displayName} has no runs yet.`]
            : textTable(
                [
                  { title: 'requested' },
                  { title: 'state' },
                  { title: 'created', ...right },
                  { title: 'updated', ...right },
                  { title: 'ended', ...right },
                  { title: 'what' },
                ],
                rows,
              ),
      });
      return 'ok';
    }),
};
