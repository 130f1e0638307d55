import type { FastifyInstance } from 'fastify';
import * as z from 'zod';

import { CHANNEL_KINDS, DEFAULT_DIGEST_HOUR, DIGESTS } from '#core/notices/notice-channel.ts';
import { NOTICE_EVENT_NAMES } from '#core/notices/notice-events.ts';
import { READ_PROFILES, WRITE_PROFILES } from '#core/permissions.ts';
import {
  changeChannel,
  createChannel,
  getChannel,
  listChannels,
  removeChannel,
  rotateSecret,
  testChannel,
} from '#engine/notices/notice-channels.ts';
import type { StoredChannel } from '#storage/notices/channels.ts';

import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { profileIdOf, refuseParameters } from '../graph/profiles/profile-route.ts';

const address = z.string().min(1).max(2_048);
const events = z.array(z.enum(NOTICE_EVENT_NAMES)).max(NOTICE_EVENT_NAMES.length);
const digest = z.enum(DIGESTS);
const digestHour = z.int().min(0).max(23);

export const newChannel = z.strictObject({
  kind: z.enum(CHANNEL_KINDS),
  address,
  events: events.default([]),
  digest: digest.default('none'),
  digestHour: digestHour.default(DEFAULT_DIGEST_HOUR),
  enabled: z.boolean().default(true),
});
export const changedChannel = z.strictObject({
  address: address.exactOptional(),
  events: events.exactOptional(),
  digest: digest.exactOptional(),
  digestHour: digestHour.exactOptional(),
  enabled: z.boolean().exactOptional(),
});

/**
 * /api/v1/noticeChannels: POST, GET; /{id}: GET, PATCH, DELETE; /{id}/test and /{id}/rotateSecret: POST. The secret of a webhook is in the
 * answer that makes it and in no other.
 */
export function registerNoticeChannels(scope: FastifyInstance, context: HttpContext): void {
  const { notices } = context;
  const mayRead = { onRequest: requirePermission(context, READ_PROFILES) };
  const mayWrite = { onRequest: requirePermission(context, WRITE_PROFILES) };

  scope.post('/noticeChannels', mayWrite, async (request, reply) => {
    const input = newChannel.parse(request.body ?? {});
    const { channel, secret } = await createChannel(notices, request.caller.tenantId, input);
    return reply.code(201).send({ ...channelJson(channel), ...(secret === null ? {} : { secret }) });
  });
  scope.get('/noticeChannels', mayRead, async (request) => ({
    value: (await listChannels(notices, request.caller.tenantId)).map(channelJson),
  }));
  scope.get('/noticeChannels/:id', mayRead, async (request) =>
    channelJson(await getChannel(notices, request.caller.tenantId, profileIdOf(request))),
  );
  scope.patch('/noticeChannels/:id', mayWrite, async (request) => {
    const change = changedChannel.parse(request.body ?? {});
    return channelJson(await changeChannel(notices, request.caller.tenantId, profileIdOf(request), change));
  });
  scope.delete('/noticeChannels/:id', mayWrite, async (request, reply) => {
    await removeChannel(notices, request.caller.tenantId, profileIdOf(request));
    return reply.code(204).send();
  });
  scope.post('/noticeChannels/:id/test', mayWrite, async (request) => {
    refuseParameters(request.body);
    return testChannel(notices, request.caller.tenantId, profileIdOf(request));
  });
  scope.post('/noticeChannels/:id/rotateSecret', mayWrite, async (request) => {
    refuseParameters(request.body);
    const { channel, secret } = await rotateSecret(notices, request.caller.tenantId, profileIdOf(request));
    return { ...channelJson(channel), secret };
  });
}

function channelJson(channel: StoredChannel): Record<string, unknown> {
  return {
    id: channel.id,
    kind: channel.kind,
    address: channel.address,
    events: channel.events,
    digest: channel.digest,
    digestHour: channel.digestHour,
    enabled: channel.enabled,
    waiting: channel.waiting,
    failed: channel.failed,
    lastAttemptDateTime: channel.lastAttemptAt,
    lastError: channel.lastError,
    createdDateTime: channel.createdAt,
  };
}
