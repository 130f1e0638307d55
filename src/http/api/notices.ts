import type { FastifyInstance } from 'fastify';

import { noticeJson } from '#core/notices/notice-json.ts';
import { READ_PROFILES } from '#core/permissions.ts';
import type { Catalogue } from '#core/query/catalogue.ts';
import { invalidSkipToken } from '#core/query/query-options.ts';
import { listDeliveries, listNotices } from '#engine/notices/read-notices.ts';
import { isUuid } from '#engine/profiles/profile-context.ts';
import { InvalidRequestError } from '#lib/errors.ts';
import type { StoredDelivery, StoredNotice } from '#storage/notices/read-notices.ts';

import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { profileIdOf } from '../graph/profiles/profile-route.ts';
import { readListOptions, type ListRules } from './list-options.ts';

const NOTHING_SELECTABLE: Catalogue = { typeName: 'notice', properties: {} };
const RULES: ListRules = { catalogue: NOTHING_SELECTABLE, allowed: ['$top'], pageSize: 100 };

/** GET /api/v1/notices (the newest first; ?profileId=, $top, $skiptoken) and /api/v1/notices/{id}/deliveries. */
export function registerNotices(scope: FastifyInstance, context: HttpContext): void {
  const mayRead = { onRequest: requirePermission(context, READ_PROFILES) };

  scope.get('/notices', mayRead, async (request) => {
    const { profileId, $skiptoken, ...rest } = request.query as Record<string, unknown>;
    const options = readListOptions(rest, RULES);
    const profile = profileId === undefined ? null : once('profileId', profileId);
    const page = {
      profileId: profile,
      beforeId: $skiptoken === undefined ? null : readToken(once('$skiptoken', $skiptoken)),
    };
    // One more than asked for tells whether there is a next page. It begins behind the last notice of this one, so that new ones do not move it.
    const found = await listNotices(context.notices, request.caller.tenantId, {
      ...page,
      limit: options.limit + 1,
    });
    const shown = found.slice(0, options.limit);
    const last = shown.at(-1);
    if (last === undefined || found.length === shown.length) return { value: shown.map(storedJson) };
    const next = new URLSearchParams([
      ...options.repeated,
      ...(profile === null ? [] : [['profileId', profile] as const]),
      ['$skiptoken', Buffer.from(`before:${last.id}`).toString('base64url')],
    ] as [string, string][]);
    return {
      value: shown.map(storedJson),
      '@odata.nextLink': `${request.baseUrl}/api/v1/notices?${next.toString()}`,
    };
  });

  scope.get('/notices/:id/deliveries', mayRead, async (request) => ({
    value: (await listDeliveries(context.notices, request.caller.tenantId, profileIdOf(request))).map(
      deliveryJson,
    ),
  }));
}

function once(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new InvalidRequestError(`The query option ${name} appears twice.`, name);
}

function readToken(token: string): string {
  const id = /^before:(.+)$/u.exec(Buffer.from(token, 'base64url').toString('utf8'))?.[1];
  if (id === undefined || !isUuid(id)) throw invalidSkipToken();
  return id;
}

function storedJson(notice: StoredNotice): Record<string, unknown> {
  return { ...noticeJson(notice), closedDateTime: notice.closedAt };
}

function deliveryJson(delivery: StoredDelivery): Record<string, unknown> {
  return {
    channelId: delivery.channelId,
    kind: delivery.kind,
    address: delivery.address,
    state: delivery.state,
    messageId: delivery.messageId,
    attempts: delivery.attempts,
    nextAttemptDateTime: delivery.nextAttemptAt,
    lastAttemptDateTime: delivery.lastAttemptAt,
    lastError: delivery.lastError,
    deliveredDateTime: delivery.deliveredAt,
  };
}
