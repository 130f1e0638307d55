import { QUERY_OPTIONS } from '#core/query/query-options.ts';
import { countProfiles, listProfiles } from '#engine/profiles/read-profiles.ts';
import { PROFILE_VIEW } from '#storage/profiles/profile-views.ts';

import { contextUrl } from '../../odata/context-url.ts';
import { nextLink } from '../../odata/next-link.ts';
import { pageSizeOf } from '../../odata/page-size.ts';
import { readQuery } from '../../odata/read-query.ts';
import { openSkipToken, sealSkipToken } from '../../odata/skip-token.ts';
import { profileJson } from './profile-json.ts';
import { COUNT_OPTIONS, PROFILES, type ProfileRoutes } from './profile-route.ts';
import { selectProperties } from './select-properties.ts';

const LIST_OPTIONS = QUERY_OPTIONS.filter((option) => option !== '$expand');

/** GET /education/synchronizationProfiles (and /$count), page by page by key: the oldest first. */
export function registerListProfiles({ scope, context, mayRead }: ProfileRoutes): void {
  const { secretBox } = context;
  scope.get(
    PROFILES,
    { onRequest: mayRead, config: { queryOptions: LIST_OPTIONS } },
    async (request, reply) => {
      const { tenantId } = request.caller;
      const { filter, orderBy, skip, skipToken, select, top, count } = readQuery(request, PROFILE_VIEW);
      const paged = { tenantId, path: `/beta${PROFILES}`, filter, orderBy };
      const after = skipToken === undefined ? undefined : openSkipToken(secretBox, paged, skipToken);
      const { profiles, next, total } = await listProfiles(context.profiles, tenantId, {
        filter,
        orderBy,
        skip,
        after,
        limit: pageSizeOf(request, reply, top),
        count: count && after === undefined,
      });
      const root = { baseUrl: request.baseUrl, version: 'beta' };
      return {
        '@odata.context': contextUrl(root, PROFILE_VIEW.set, { select }),
        ...(total === undefined ? {} : { '@odata.count': total }),
        ...(next === undefined
          ? {}
          : { '@odata.nextLink': nextLink(request, sealSkipToken(secretBox, paged, next)) }),
        value: profiles.map((profile) => selectProperties(profileJson(profile), select)),
      };
    },
  );

  scope.get(
    `${PROFILES}/$count`,
    { onRequest: mayRead, config: { queryOptions: COUNT_OPTIONS } },
    async (request, reply) => {
      const { filter } = readQuery(request, PROFILE_VIEW);
      const total = await countProfiles(context.profiles, request.caller.tenantId, filter);
      return reply.type('text/plain').send(String(total));
    },
  );
}
