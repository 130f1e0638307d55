import { getProfile } from '#engine/profiles/read-profiles.ts';

import { PROFILE_VIEW } from '#storage/profiles/profile-views.ts';

import { readListOptions, selectProperties, type ListRules } from './list-options.ts';
import { profileJson } from './profile-json.ts';
import { contextOf, profileIdOf, PROFILES, type ProfileRoutes } from './profile-route.ts';

const RULES: ListRules = { catalogue: PROFILE_VIEW, allowed: ['$select'], pageSize: 1 };

/** GET /education/synchronizationProfiles/{id} */
export function registerGetProfile({ scope, context, mayRead }: ProfileRoutes): void {
  scope.get(
    `${PROFILES}/:id`,
    { onRequest: mayRead, config: { queryOptions: RULES.allowed } },
    async (request) => {
      const { select } = readListOptions(request.query, RULES);
      const profile = await getProfile(context.profiles, request.caller.tenantId, profileIdOf(request));
      const json = { '@odata.context': contextOf(request, '/$entity'), ...profileJson(profile) };
      return selectProperties(json, select);
    },
  );
}
