import { OperationalError } from '#lib/errors.ts';

import { runAnswer, type RunAnswer } from '../client/answers.ts';
import { checked, type ApiClient } from '../client/api-client.ts';
import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { resolveRunId } from '../find-run.ts';
import { followRun } from '../follow-run.ts';
import { PROFILE_OPTION } from '../profile-option.ts';
import { requireProfile } from '../profiles.ts';
import { printable } from '../view/format.ts';

/** Waiting ones first: else the one that executes would make place for them. */
const CANCELLABLE = 'queued,held,suspended,broken';
const EXECUTING = 'staging,planning,applying';

export const cancelCommand: Command = {
  name: 'cancel',
  summary: 'Stop the sync of a profile for good.',
  description: [
    'A run that waits is cancelled at once, one that executes between two batches. What it has written stays; the output says how much that is. Upload and start again to bring the rest.',
    'Without --run: whatever the profile has under way or waiting.',
  ],
  arguments: [],
  options: {
    ...PROFILE_OPTION,
    run: {
      type: 'string',
      value: '<id>',
      summary: 'This run only: its id, the first 8 characters of it, or latest.',
    },
    note: { type: 'string', value: '<text>', summary: 'Why; kept in the history of the run.' },
  },
  shared: ['client', 'place', 'progress', 'output'],
  examples: [
    { line: 'rollbook cancel --profile contoso', summary: 'Stop the sync of a profile.' },
    {
      line: 'rollbook cancel --run 0199a3b2-1c4d --note "wrong export"',
      summary: 'Cancel one run, with a reason.',
    },
  ],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const ids = await whatToCancel(client, call.option('run'), call.option('profile'));
      const note = call.option('note');
      const runs: RunAnswer[] = [];
      for (const id of ids) {
        const path = `/api/v1/runs/${id}/cancel`;
        const body = note === undefined ? {} : { note };
        const run = checked(
          runAnswer,
          await client.send({ method: 'POST', path, body, repeatable: true }),
          path,
        );
        // Its worker is on the way to the end of a batch, and can come to no other end.
        runs.push(await followRun(client, run, call.view));
      }
      call.view.result({
        document: { runs },
        lines: runs.map((run) =>
          printable(`${run.profileDisplayName}: ${run.message ?? `The run is ${run.state}.`}`),
        ),
      });
      return 'ok';
    }),
};

async function whatToCancel(
  client: ApiClient,
  run: string | undefined,
  profileName: string | undefined,
): Promise<string[]> {
  if (run !== undefined) return [await resolveRunId(client, run, profileName)];
  const profile = await requireProfile(client, profileName);
  const ids: string[] = [];
  for (const states of [CANCELLABLE, EXECUTING])
    for (const { id } of await client.list(`/api/v1/runs?profileId=${profile.id}&state=${states}`, runAnswer))
      ids.push(id);
  if (ids.length === 0)
    throw new OperationalError(
      'NothingToCancel',
      `Nothing of ${profile.displayName} is under way or waits, so nothing was cancelled.`,
    );
  return ids;
}
