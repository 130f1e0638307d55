import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { PROFILE_OPTION } from '../profile-option.ts';
import { profilePath, readStatus, requireProfile } from '../profiles.ts';

export const pauseCommand: Command = {
  name: 'pause',
  summary: 'Stop syncing a profile until it is resumed.',
  description: [
    'A run that executes stops at its next batch and keeps what it has done; resume goes on from there.',
  ],
  arguments: [],
  options: PROFILE_OPTION,
  shared: ['client', 'place', 'output'],
  examples: [{ line: 'rollbook pause --profile contoso', summary: 'Pause a profile.' }],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const profile = await requireProfile(client, call.option('profile'));
      await client.send({ method: 'POST', path: `${profilePath(profile.id)}/pause`, repeatable: true });
      const status = await readStatus(client, profile.id);
      call.view.result({
        document: { profile: { id: profile.id, displayName: profile.displayName }, status },
        lines: [`Paused: ${profile.displayName}`],
      });
      return 'ok';
    }),
};
