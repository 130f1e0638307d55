import { listProfiles } from '#engine/profiles/read-profiles.ts';

import { PROFILE_VIEW } from '#storage/profiles/profile-views.ts';

import {
  COUNT_OPTIONS,
  LIST_OPTIONS,
  nextLink,
  readListOptions,
  selectProperties,
  type ListRules,
} from './list-options.ts';
import { profileJson } from './profile-json.ts';
import { contextOf, PROFILES, type ProfileRoutes } from './profile-route.ts';

const RULES: ListRules = {
  catalogue: PROFILE_VIEW,
  allowed: LIST_OPTIONS,
  pageSize: 100,
};
const COUNT_RULES: ListRules = { ...RULES, allowed: COUNT_OPTIONS };

/** GET /education/synchronizationProfiles (and /$count): the oldest first. */
export function registerListProfiles({ scope, context, mayRead }: ProfileRoutes): void {
  scope.get(PROFILES, { onRequest: mayRead, config: { queryOptions: RULES.allowed } }, async (request) => {
    const options = readListOptions(request.query, RULES);
    const { profiles, total } = await listProfiles(context.profiles, request.caller.tenantId, options);
    const more = options.offset + profiles.length < total;
    return {
      '@odata.context': contextOf(request),
      ...(options.count ? { '@odata.count': total } : {}),
      ...(more ? { '@odata.nextLink': nextLink(`${request.baseUrl}/beta${PROFILES}`, options) } : {}),
      value: profiles.map((profile) => selectProperties(profileJson(profile), options.select)),
    };
  });

  scope.get(
    `${PROFILES}/$count`,
    { onRequest: mayRead, config: { queryOptions: COUNT_RULES.allowed } },
    async (request, reply) => {
      const { filter } = readListOptions(request.query, COUNT_RULES);
      const page = { limit: 0, offset: 0, filter };
      const { total } = await listProfiles(context.profiles, request.caller.tenantId, page);
      return reply.type('text/plain').send(String(total));
    },
  );
}
