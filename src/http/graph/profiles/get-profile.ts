import { getProfile } from '#engine/profiles/read-profiles.ts';
import { PROFILE_VIEW } from '#storage/profiles/profile-views.ts';

import { contextUrl } from '../../odata/context-url.ts';
import { readQuery } from '../../odata/read-query.ts';
import { profileJson } from './profile-json.ts';
import { profileIdOf, PROFILES, type ProfileRoutes } from './profile-route.ts';
import { selectProperties } from './select-properties.ts';

/** GET /education/synchronizationProfiles/{id} */
export function registerGetProfile({ scope, context, mayRead }: ProfileRoutes): void {
  scope.get(
    `${PROFILES}/:id`,
    { onRequest: mayRead, config: { queryOptions: ['$select'] } },
    async (request) => {
      const { select } = readQuery(request, PROFILE_VIEW);
      const profile = await getProfile(context.profiles, request.caller.tenantId, profileIdOf(request));
      const root = { baseUrl: request.baseUrl, version: 'beta' };
      return {
        '@odata.context': contextUrl(root, PROFILE_VIEW.set, { select, entity: true }),
        ...selectProperties(profileJson(profile), select),
      };
    },
  );
}
