import { getProfile } from '#engine/profiles/read-profiles.ts';

import { readListOptions, selectProperties } from './list-options.ts';
import { profileJson } from './profile-json.ts';
import { contextOf, profileIdOf, PROFILES, type ProfileRoutes } from './profile-route.ts';

/** GET /education/synchronizationProfiles/{id} */
export function registerGetProfile({ scope, context, mayRead }: ProfileRoutes): void {
  scope.get(`${PROFILES}/:id`, { onRequest: mayRead }, async (request) => {
    const { select } = readListOptions(request.query, { pageSize: 1, maximum: 1, orderable: [] });
    const profile = await getProfile(context.profiles, request.caller.tenantId, profileIdOf(request));
    const json = { '@odata.context': contextOf(request, '/$entity'), ...profileJson(profile) };
    return selectProperties(json, select);
  });
}
