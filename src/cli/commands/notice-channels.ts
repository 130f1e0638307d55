import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { channelAnswer, CHANNELS_PATH, digestText } from '../notice-channels.ts';
import { formatCount, printable } from '../view/format.ts';
import { textTable } from '../view/text-table.ts';

export const noticeChannelsCommand: Command = {
  name: 'notice channels',
  summary: 'List where notices go, and whether they get there.',
  description: [],
  arguments: [],
  options: {},
  shared: ['client', 'place', 'output'],
  examples: [{ line: 'rollbook notice channels', summary: 'All webhooks and e-mail addresses.' }],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const channels = await client.list(CHANNELS_PATH, channelAnswer);
      const right = { align: 'right' as const };
      call.view.result({
        document: { channels },
        lines:
          channels.length === 0
            ? ['Notices go nowhere yet: rollbook notice add-webhook, rollbook notice add-email.']
            : textTable(
                [
                  { title: 'id' },
                  { title: 'kind' },
                  { title: 'address' },
                  { title: 'events' },
                  { title: 'when' },
                  { title: 'waiting', ...right },
                  { title: 'failed', ...right },
                  { title: 'last error' },
                ],
                channels.map((channel) => [
                  channel.id,
                  channel.kind,
                  printable(channel.address),
                  channel.events.length === 0 ? 'all' : channel.events.join(', '),
                  channel.enabled ? digestText(channel) : 'disabled',
                  formatCount(channel.waiting),
                  formatCount(channel.failed),
                  printable(channel.lastError ?? ''),
                ]),
              ),
      });
      return 'ok';
    }),
};
