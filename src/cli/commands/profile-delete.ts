import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { profilePath, requireProfile } from '../profiles.ts';

export const profileDeleteCommand: Command = {
  name: 'profile delete',
  summary: 'Delete a profile.',
  description: [
    'Its uploads and secrets are erased. What it synced stays in the directory, and a new profile of the same name takes it over.',
  ],
  arguments: [{ name: 'profile', summary: 'Name or id.' }],
  options: {},
  shared: ['client', 'place', 'output'],
  examples: [{ line: 'rollbook profile delete contoso', summary: 'Delete a profile.' }],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const profile = await requireProfile(client, call.argument('profile'));
      await client.send({ method: 'DELETE', path: profilePath(profile.id) });
      call.view.result({
        document: { deleted: { id: profile.id, displayName: profile.displayName } },
        lines: [`Deleted: ${profile.displayName} (${profile.id})`],
      });
      return 'ok';
    }),
};
