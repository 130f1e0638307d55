import { listErrors } from '#engine/profiles/read-profiles.ts';
import type { RecordError, RecordErrorProperty } from '#storage/profiles/record-errors.ts';

import { nextLink, readListOptions, selectProperties } from './list-options.ts';
import { contextOf, profileIdOf, PROFILES, type ProfileRoutes } from './profile-route.ts';

const ORDERABLE = [
  'id',
  'entryType',
  'errorCode',
  'errorMessage',
  'joiningValue',
  'recordedDateTime',
  'reportableIdentifier',
] as const satisfies readonly RecordErrorProperty[];
const RULES = { pageSize: 100, maximum: 999, orderable: ORDERABLE } as const;

/** GET /education/synchronizationProfiles/{id}/errors (and /$count): `@odata.count` always (graph-contract 2.7). */
export function registerListErrors({ scope, context, mayRead }: ProfileRoutes): void {
  scope.get(`${PROFILES}/:id/errors`, { onRequest: mayRead }, async (request) => {
    const id = profileIdOf(request).toLowerCase();
    const options = readListOptions(request.query, RULES);
    const { errors, total } = await listErrors(context.profiles, request.caller.tenantId, id, {
      limit: options.limit,
      offset: options.offset,
      orderBy: options.orderBy.map(({ property, descending }) => ({
        property: property as RecordErrorProperty,
        descending,
      })),
    });
    const more = options.offset + errors.length < total;
    return {
      '@odata.context': contextOf(request, `('${id}')/errors`),
      '@odata.count': total,
      ...(more
        ? { '@odata.nextLink': nextLink(`${request.baseUrl}/beta${PROFILES}/${id}/errors`, options) }
        : {}),
      value: errors.map((error) => selectProperties(errorJson(error), options.select)),
    };
  });

  scope.get(`${PROFILES}/:id/errors/$count`, { onRequest: mayRead }, async (request, reply) => {
    const page = { limit: 0, offset: 0, orderBy: [] };
    const { total } = await listErrors(context.profiles, request.caller.tenantId, profileIdOf(request), page);
    return reply.type('text/plain').send(String(total));
  });
}

function errorJson(error: RecordError): Record<string, unknown> {
  return {
    id: error.id,
    entryType: error.entryType,
    errorCode: error.errorCode,
    errorMessage: error.errorMessage,
    joiningValue: error.joiningValue,
    recordedDateTime: error.recordedAt.toISOString(),
    reportableIdentifier: error.reportableIdentifier,
  };
}
