import * as z from 'zod';

import { NOTICE_EVENT_NAMES } from '#core/notices/notice-events.ts';

import type { ApiClient } from './client/api-client.ts';
import { checked } from './client/api-client.ts';
import type { CommandCall, OptionDefinition } from './command.ts';
import { UsageError } from './exit-codes.ts';
import { nearestWord } from './nearest-word.ts';
import { printable } from './view/format.ts';

export const CHANNELS_PATH = '/api/v1/noticeChannels';

export const channelAnswer = z.object({
  id: z.string(),
  kind: z.string(),
  address: z.string(),
  events: z.array(z.string()),
  digest: z.string(),
  digestHour: z.number(),
  enabled: z.boolean(),
  waiting: z.number(),
  failed: z.number(),
  lastError: z.string().nullish(),
  secret: z.string().optional(),
});
export type ChannelAnswer = z.infer<typeof channelAnswer>;

/** Of both commands that add a channel. */
export const CHANNEL_OPTIONS: Readonly<Record<string, OptionDefinition>> = {
  event: {
    type: 'string',
    value: '<event>',
    multiple: true,
    summary: `What it is told of; repeat it for several: ${NOTICE_EVENT_NAMES.join(', ')}. Default: all.`,
  },
  'digest-hour': {
    type: 'string',
    value: '<0-23>',
    summary: 'One message a day at this hour, in the time zone of the tenant, instead of one at once.',
  },
};

/** Adds a channel as the options say. */
export async function addChannel(
  call: CommandCall,
  client: ApiClient,
  kind: 'webhook' | 'email',
): Promise<ChannelAnswer> {
  const hour = call.option('digest-hour');
  if (hour !== undefined && !/^(?:1?\d|2[0-3])$/u.test(hour))
    throw new UsageError(`--digest-hour '${hour}' is not an hour from 0 to 23.`);
  const body = {
    kind,
    address: call.argument(kind === 'webhook' ? 'url' : 'address'),
    events: call.options('event').map(knownEvent),
    ...(hour === undefined ? {} : { digest: 'daily', digestHour: Number(hour) }),
  };
  const answer = await client.send({ method: 'POST', path: CHANNELS_PATH, body });
  return checked(channelAnswer, answer, CHANNELS_PATH);
}

export function channelLine(channel: ChannelAnswer): string {
  const events = channel.events.length === 0 ? 'all events' : channel.events.join(', ');
  return `${channel.kind} ${printable(channel.address)} (${channel.id}): ${events}, ${digestText(channel)}`;
}

export function digestText({ digest, digestHour }: ChannelAnswer): string {
  return digest === 'daily' ? `daily at ${digestHour}:00` : 'at once';
}

export function channelPath(id: string): string {
  return `${CHANNELS_PATH}/${encodeURIComponent(id)}`;
}

function knownEvent(name: string): string {
  const found = NOTICE_EVENT_NAMES.find((known) => known.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  const near = nearestWord(name, NOTICE_EVENT_NAMES);
  throw new UsageError(
    `There is no event '${name}'. ${near === null ? `Events: ${NOTICE_EVENT_NAMES.join(', ')}.` : `Did you mean ${near}?`}`,
  );
}
