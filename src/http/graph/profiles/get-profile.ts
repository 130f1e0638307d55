import { getProfileWith } from '#engine/profiles/read-profiles.ts';
import { PROFILE_VIEW } from '#storage/profiles/profile-views.ts';

import { contextUrl } from '../../odata/context-url.ts';
import { readQuery } from '../../odata/read-query.ts';
import { expandProfiles, relatedTo } from './expand-profile.ts';
import { PROFILE } from './profile-catalogue.ts';
import { profileJson } from './profile-json.ts';
import { profileIdOf, PROFILES, type ProfileRoutes } from './profile-route.ts';
import { selectProperties } from './select-properties.ts';

/** GET /education/synchronizationProfiles/{id} */
export function registerGetProfile(routes: ProfileRoutes): void {
  const { scope, context, mayRead } = routes;
  scope.get(
    `${PROFILES}/:id`,
    { onRequest: mayRead, config: { queryOptions: ['$select', '$expand'] } },
    async (request, reply) => {
      const { select, expand } = readQuery(request, PROFILE);
      const { tenantId } = request.caller;
      const id = profileIdOf(request);
      const { profile, ...related } = await getProfileWith(context.profiles, tenantId, id, relatedTo(expand));
      const root = { baseUrl: request.baseUrl, version: 'beta' };
      return {
        '@odata.context': contextUrl(root, PROFILE_VIEW.set, { select, expand, entity: true }),
        ...selectProperties(profileJson(profile), select),
        ...expandProfiles(routes, request, reply, expand, related)(profile.id),
      };
    },
  );
}
