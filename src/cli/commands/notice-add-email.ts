import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { addChannel, CHANNEL_OPTIONS, channelLine } from '../notice-channels.ts';

export const noticeAddEmailCommand: Command = {
  name: 'notice add-email',
  summary: 'Have notices sent to an e-mail address.',
  description: ['The settings SMTP_URL and SMTP_FROM of the service name the mail server.'],
  arguments: [{ name: 'address', summary: 'One e-mail address.' }],
  options: CHANNEL_OPTIONS,
  shared: ['client', 'place', 'output'],
  examples: [
    {
      line: 'rollbook notice add-email it@contoso.com --digest-hour 7',
      summary: 'One mail a day, when there was something.',
    },
  ],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: true }, async ({ client }) => {
      const made = await addChannel(call, client, 'email');
      call.view.result({ document: made, lines: [`Added: ${channelLine(made)}`] });
      return 'ok';
    }),
};
