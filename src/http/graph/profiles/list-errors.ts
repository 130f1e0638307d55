import { QUERY_OPTIONS } from '#core/query/query-options.ts';
import { listErrors } from '#engine/profiles/read-profiles.ts';
import { RECORD_ERROR_VIEW } from '#storage/profiles/profile-views.ts';
import type { RecordError } from '#storage/profiles/record-errors.ts';

import { nextLink } from '../../odata/next-link.ts';
import { pageSizeOf } from '../../odata/page-size.ts';
import { readQuery } from '../../odata/read-query.ts';
import { openSkipToken, sealSkipToken } from '../../odata/skip-token.ts';
import { contextOf, COUNT_OPTIONS, profileIdOf, PROFILES, type ProfileRoutes } from './profile-route.ts';
import { selectProperties } from './select-properties.ts';

/** Errors have no related objects. */
const LIST_OPTIONS = QUERY_OPTIONS.filter((option) => option !== '$expand');

/** GET /education/synchronizationProfiles/{id}/errors (and /$count), page by page by key: `@odata.count` always. */
export function registerListErrors({ scope, context, mayRead }: ProfileRoutes): void {
  const { secretBox } = context;
  scope.get(
    `${PROFILES}/:id/errors`,
    { onRequest: mayRead, config: { queryOptions: LIST_OPTIONS } },
    async (request, reply) => {
      const id = profileIdOf(request).toLowerCase();
      const { tenantId } = request.caller;
      const { filter, orderBy, skip, skipToken, select, top } = readQuery(request, RECORD_ERROR_VIEW);
      const paged = { tenantId, path: `/beta${PROFILES}/${id}/errors`, filter, orderBy };
      const { errors, next, total } = await listErrors(context.profiles, tenantId, id, {
        filter,
        orderBy,
        skip,
        after: skipToken === undefined ? undefined : openSkipToken(secretBox, paged, skipToken),
        limit: pageSizeOf(request, reply, top),
      });
      return {
        '@odata.context': contextOf(request, `('${id}')/errors`),
        '@odata.count': total,
        ...(next === undefined
          ? {}
          : { '@odata.nextLink': nextLink(request, sealSkipToken(secretBox, paged, next)) }),
        value: errors.map((error) => selectProperties(errorJson(error), select)),
      };
    },
  );

  scope.get(
    `${PROFILES}/:id/errors/$count`,
    { onRequest: mayRead, config: { queryOptions: COUNT_OPTIONS } },
    async (request, reply) => {
      const { filter } = readQuery(request, RECORD_ERROR_VIEW);
      const id = profileIdOf(request);
      const { total } = await listErrors(context.profiles, request.caller.tenantId, id, { limit: 0, filter });
      return reply.type('text/plain').send(String(total));
    },
  );
}

/** The error as every answer shows it. */
export function errorJson(error: RecordError): Record<string, unknown> {
  return {
    id: error.id,
    entryType: error.entryType,
    errorCode: error.errorCode,
    errorMessage: error.errorMessage,
    joiningValue: error.joiningValue,
    recordedDateTime: error.recordedDateTime.toISOString(),
    reportableIdentifier: error.reportableIdentifier,
  };
}
