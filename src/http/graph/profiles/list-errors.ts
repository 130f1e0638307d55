import { listErrors } from '#engine/profiles/read-profiles.ts';
import { RECORD_ERROR_VIEW } from '#storage/profiles/profile-views.ts';
import type { RecordError } from '#storage/profiles/record-errors.ts';

import { LIST_OPTIONS, nextLink, readListOptions, selectProperties, type ListRules } from './list-options.ts';
import { contextOf, profileIdOf, PROFILES, type ProfileRoutes } from './profile-route.ts';

const RULES: ListRules = {
  catalogue: RECORD_ERROR_VIEW,
  allowed: LIST_OPTIONS,
  pageSize: 100,
};
const COUNT_RULES: ListRules = { ...RULES, allowed: ['$filter', '$search'] };

/** GET /education/synchronizationProfiles/{id}/errors (and /$count): `@odata.count` always. */
export function registerListErrors({ scope, context, mayRead }: ProfileRoutes): void {
  scope.get(
    `${PROFILES}/:id/errors`,
    { onRequest: mayRead, config: { queryOptions: RULES.allowed } },
    async (request) => {
      const id = profileIdOf(request).toLowerCase();
      const options = readListOptions(request.query, RULES);
      const { errors, total } = await listErrors(context.profiles, request.caller.tenantId, id, options);
      const more = options.offset + errors.length < total;
      return {
        '@odata.context': contextOf(request, `('${id}')/errors`),
        '@odata.count': total,
        ...(more
          ? { '@odata.nextLink': nextLink(`${request.baseUrl}/beta${PROFILES}/${id}/errors`, options) }
          : {}),
        value: errors.map((error) => selectProperties(errorJson(error), options.select)),
      };
    },
  );

  scope.get(
    `${PROFILES}/:id/errors/$count`,
    { onRequest: mayRead, config: { queryOptions: COUNT_RULES.allowed } },
    async (request, reply) => {
      const { filter } = readListOptions(request.query, COUNT_RULES);
      const page = { limit: 0, offset: 0, filter };
      const { total } = await listErrors(
        context.profiles,
        request.caller.tenantId,
        profileIdOf(request),
        page,
      );
      return reply.type('text/plain').send(String(total));
    },
  );
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
