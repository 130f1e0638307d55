import * as z from 'zod';

import { checked } from '../client/api-client.ts';
import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { channelPath } from '../notice-channels.ts';
import { printable } from '../view/format.ts';

const testAnswer = z.object({ messageId: z.string(), delivered: z.boolean(), reason: z.string().nullable() });

export const noticeTestCommand: Command = {
  name: 'notice test',
  summary: 'Send a test notice to a channel now, and say what became of it.',
  description: [],
  arguments: [{ name: 'id', summary: 'Id of the channel: rollbook notice channels.' }],
  options: {},
  shared: ['client', 'place', 'output'],
  examples: [
    { line: 'rollbook notice test 019f3c1e-0000-7000-8000-000000000000', summary: 'Does it arrive?' },
  ],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const path = `${channelPath(call.argument('id'))}/test`;
      const result = checked(testAnswer, await client.send({ method: 'POST', path }), path);
      call.view.result({
        document: result,
        lines: [
          result.delivered
            ? `Delivered (message ${result.messageId}).`
            : `Not delivered: ${printable(result.reason ?? '')}.`,
        ],
      });
      return result.delivered ? 'ok' : 'failure';
    }),
};
