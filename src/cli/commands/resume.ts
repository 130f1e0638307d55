import type { ApiClient } from '../client/api-client.ts';
import type { ProfileAnswer } from '../client/answers.ts';
import type { Command, CommandCall } from '../command.ts';
import { withConnection } from '../connection.ts';
import { exitNameOfStatus, type ExitName } from '../exit-codes.ts';
import { followRun, isUnderWay, readNewestRun } from '../follow-run.ts';
import { PROFILE_OPTION } from '../profile-option.ts';
import { readStatus, requireProfile } from '../profiles.ts';
import { outcomeDocument, outcomeLines, readOutcome } from '../sync-outcome.ts';
import { paintStatus } from '../sync-outcome.ts';

export const resumeCommand: Command = {
  name: 'resume',
  summary: 'Accept what a profile waits for, or end its pause, and follow the sync.',
  description: [
    'After a sync that was held: accepts the plan that waits, or lets the faulty rows of this upload be left out. A file that had rows and is missing or empty now is accepted only by name, with --confirm-empty.',
    'After a pause: goes on where it stopped.',
  ],
  arguments: [],
  options: {
    ...PROFILE_OPTION,
    'confirm-empty': {
      type: 'string',
      value: '<file>',
      multiple: true,
      summary: 'This file may be missing or empty although it had rows. Repeat it for each file.',
    },
    'no-wait': { type: 'boolean', summary: 'Do not follow the sync.' },
  },
  shared: ['client', 'place', 'progress', 'output'],
  examples: [
    { line: 'rollbook resume --profile contoso', summary: 'Accept the plan that waits.' },
    {
      line: 'rollbook resume --profile contoso --confirm-empty teacherroster.csv',
      summary: 'The file is empty on purpose.',
    },
  ],
  exits: ['held', 'errors', 'quarantined', 'paused', 'unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const profile = await requireProfile(client, call.option('profile'));
      await client.send({
        method: 'POST',
        path: `/api/v1/profiles/${encodeURIComponent(profile.id)}/resume`,
        body: { confirmEmptyFiles: call.options('confirm-empty').map((name) => name.toLowerCase()) },
      });
      call.view.note(`Resumed: ${profile.displayName}`);
      return followNewest(call, client, profile);
    }),
};

/** Follows the newest run of a profile, when it is under way, and shows how it ended. */
export async function followNewest(
  call: CommandCall,
  client: ApiClient,
  profile: ProfileAnswer,
): Promise<ExitName> {
  const run = await readNewestRun(client, profile.id);
  if (run === null || call.flag('no-wait') || !isUnderWay(run.state)) {
    const status = await readStatus(client, profile.id);
    call.view.result({
      document: { profile: { id: profile.id, displayName: profile.displayName }, status },
      lines: [
        `Status: ${paintStatus(call, status.status)}`,
        ...(status.statusMessage ? [`  ${status.statusMessage}`] : []),
      ],
    });
    return exitNameOfStatus(status.status);
  }
  const outcome = await readOutcome(client, profile, await followRun(client, run, call.view), []);
  call.view.result({ document: outcomeDocument(outcome, {}), lines: outcomeLines(call, outcome) });
  return outcome.exit;
}
