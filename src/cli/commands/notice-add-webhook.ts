import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { addChannel, CHANNEL_OPTIONS, channelLine } from '../notice-channels.ts';

export const noticeAddWebhookCommand: Command = {
  name: 'notice add-webhook',
  summary: 'Have notices sent to a webhook.',
  description: [
    'Messages are signed as the Standard Webhooks convention says. The secret is shown once.',
    'The host has to be public and have TLS, unless the setting NOTICE_PRIVATE_HOSTS of the service names it.',
  ],
  arguments: [{ name: 'url', summary: 'Address of the receiver, https://.' }],
  options: CHANNEL_OPTIONS,
  shared: ['client', 'place', 'output'],
  examples: [
    {
      line: 'rollbook notice add-webhook https://hooks.contoso.com/rollbook',
      summary: 'Everything that needs somebody, at once.',
    },
  ],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: true }, async ({ client }) => {
      const made = await addChannel(call, client, 'webhook');
      call.view.result({
        document: made,
        lines: [
          `Added: ${channelLine(made)}`,
          `  secret  ${made.secret ?? ''}`,
          'The secret verifies the signatures. It is shown this once: store it now.',
        ],
      });
      return 'ok';
    }),
};
