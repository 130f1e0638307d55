import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { describeIdentity } from '../identity-options.ts';
import { listProfiles } from '../profiles.ts';
import { printable } from '../view/format.ts';
import { textTable } from '../view/text-table.ts';

export const profileListCommand: Command = {
  name: 'profile list',
  summary: 'List the synchronization profiles.',
  description: ['Name, id, state, and how users come about.'],
  arguments: [],
  options: {},
  shared: ['client', 'place', 'output'],
  examples: [{ line: 'rollbook profile list', summary: 'All profiles of the tenant.' }],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const profiles = await listProfiles(client);
      const rows = profiles.map((profile) => [
        printable(profile.displayName),
        profile.id,
        profile.state,
        printable(describeIdentity(profile.identitySynchronizationConfiguration).join('; ')),
      ]);
      call.view.result({
        document: { profiles },
        lines:
          profiles.length === 0
            ? ['There is no profile yet: rollbook sync <folder> makes one.']
            : textTable(
                ['name', 'id', 'state', 'users'].map((title) => ({ title })),
                rows,
              ),
      });
      return 'ok';
    }),
};
