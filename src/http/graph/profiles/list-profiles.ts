import { QUERY_OPTIONS } from '#core/query/query-options.ts';
import { countProfiles, listProfiles } from '#engine/profiles/read-profiles.ts';
import { PROFILE_VIEW } from '#storage/profiles/profile-views.ts';

import { contextUrl } from '../../odata/context-url.ts';
import { nextLink } from '../../odata/next-link.ts';
import { EXPANDED_PAGE_SIZE, pageSizeOf } from '../../odata/page-size.ts';
import { readQuery } from '../../odata/read-query.ts';
import { openSkipToken, sealSkipToken } from '../../odata/skip-token.ts';
import { expandProfiles, relatedTo } from './expand-profile.ts';
import { PROFILE } from './profile-catalogue.ts';
import { profileJson } from './profile-json.ts';
import { COUNT_OPTIONS, PROFILES, type ProfileRoutes } from './profile-route.ts';
import { selectProperties } from './select-properties.ts';

/** GET /education/synchronizationProfiles (and /$count), page by page by key: the oldest first. */
export function registerListProfiles(routes: ProfileRoutes): void {
  const { scope, context, mayRead } = routes;
  const { secretBox } = context;
  scope.get(
    PROFILES,
    { onRequest: mayRead, config: { queryOptions: QUERY_OPTIONS } },
    async (request, reply) => {
      const { tenantId } = request.caller;
      const { filter, orderBy, skip, skipToken, select, expand, top, count } = readQuery(request, PROFILE);
      const paged = { tenantId, path: `/beta${PROFILES}`, filter, orderBy };
      const after = skipToken === undefined ? undefined : openSkipToken(secretBox, paged, skipToken);
      const asked = pageSizeOf(request, reply, top);
      const { profiles, next, total, ...related } = await listProfiles(context.profiles, tenantId, {
        filter,
        orderBy,
        skip,
        after,
        limit: expand.length === 0 ? asked : Math.min(asked, EXPANDED_PAGE_SIZE),
        related: relatedTo(expand),
        count: count && after === undefined,
      });
      const expanded = expandProfiles(routes, request, reply, expand, related);
      const root = { baseUrl: request.baseUrl, version: 'beta' };
      return {
        '@odata.context': contextUrl(root, PROFILE_VIEW.set, { select, expand }),
        ...(total === undefined ? {} : { '@odata.count': total }),
        ...(next === undefined
          ? {}
          : { '@odata.nextLink': nextLink(request, sealSkipToken(secretBox, paged, next)) }),
        value: profiles.map((profile) => ({
          ...selectProperties(profileJson(profile), select),
          ...expanded(profile.id),
        })),
      };
    },
  );

  scope.get(
    `${PROFILES}/$count`,
    { onRequest: mayRead, config: { queryOptions: COUNT_OPTIONS } },
    async (request, reply) => {
      const { filter } = readQuery(request, PROFILE);
      const total = await countProfiles(context.profiles, request.caller.tenantId, filter);
      return reply.type('text/plain').send(String(total));
    },
  );
}
