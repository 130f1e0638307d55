import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { channelPath } from '../notice-channels.ts';

export const noticeRemoveCommand: Command = {
  name: 'notice remove',
  summary: 'Remove a channel, and what waits for it.',
  description: [],
  arguments: [{ name: 'id', summary: 'Id of the channel: rollbook notice channels.' }],
  options: {},
  shared: ['client', 'place', 'output'],
  examples: [
    {
      line: 'rollbook notice remove 019f3c1e-0000-7000-8000-000000000000',
      summary: 'Nothing goes there any more.',
    },
  ],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const id = call.argument('id');
      await client.send({ method: 'DELETE', path: channelPath(id) });
      call.view.result({ document: { removed: { id } }, lines: [`Removed: ${id}`] });
      return 'ok';
    }),
};
