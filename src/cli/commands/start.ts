import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { startAndFollow } from '../follow-run.ts';
import { PROFILE_OPTION } from '../profile-option.ts';
import { requireProfile } from '../profiles.ts';
import { outcomeDocument, outcomeLines, readOutcome } from '../sync-outcome.ts';

export const startCommand: Command = {
  name: 'start',
  summary: 'Start a sync of what was uploaded to a profile already, and follow it.',
  description: [
    'For files that another program has put to the uploadUrl of the profile. sync uploads and starts at once.',
  ],
  arguments: [],
  options: PROFILE_OPTION,
  shared: ['client', 'place', 'progress', 'output'],
  examples: [{ line: 'rollbook start --profile contoso', summary: 'Start and follow.' }],
  exits: ['held', 'errors', 'quarantined', 'paused', 'unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const profile = await requireProfile(client, call.option('profile'));
      const { run, messages } = await startAndFollow(client, profile.id, call.view);
      const outcome = await readOutcome(client, profile, run, messages);
      call.view.result({ document: outcomeDocument(outcome, {}), lines: outcomeLines(call, outcome) });
      return outcome.exit;
    }),
};
