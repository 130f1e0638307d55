import * as z from 'zod';

import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { requireProfile } from '../profiles.ts';
import { printable } from '../view/format.ts';
import { textTable } from '../view/text-table.ts';

const LIMIT = 20;

const noticeAnswer = z.looseObject({
  id: z.string(),
  event: z.string(),
  title: z.string(),
  message: z.string().nullish(),
  profile: z.object({ id: z.string(), displayName: z.string() }),
  createdDateTime: z.string(),
  closedDateTime: z.string().nullish(),
});

export const noticesCommand: Command = {
  name: 'notices',
  summary: `List the last ${LIMIT} notices.`,
  description: ['The newest first: what an administrator was told of, whether or not there is a channel.'],
  arguments: [],
  options: { profile: { type: 'string', value: '<name or id>', summary: 'Those of one profile.' } },
  shared: ['client', 'place', 'output'],
  examples: [{ line: 'rollbook notices', summary: 'What needed somebody lately.' }],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const name = call.option('profile');
      const profile = name === undefined ? null : await requireProfile(client, name);
      const filter = profile === null ? '' : `&profileId=${profile.id}`;
      const notices = await client.list(`/api/v1/notices?$top=${LIMIT}${filter}`, noticeAnswer, LIMIT);
      call.view.result({
        document: { notices },
        lines:
          notices.length === 0
            ? ['There are no notices.']
            : textTable(
                ['raised', 'profile', 'event', 'open', 'what'].map((title) => ({ title })),
                notices.map((notice) => [
                  notice.createdDateTime,
                  printable(notice.profile.displayName),
                  notice.event,
                  notice.closedDateTime === null ? 'yes' : '',
                  printable(notice.message ?? notice.title),
                ]),
              ),
      });
      return 'ok';
    }),
};
