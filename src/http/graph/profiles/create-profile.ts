import { createProfile } from '#engine/profiles/create-profile.ts';

import { parseProfile } from './parse-profile.ts';
import { profileJson } from './profile-json.ts';
import { actorOf, contextOf, PROFILES, type ProfileRoutes } from './profile-route.ts';

/** POST /education/synchronizationProfiles: 202 with the profile, whose state is provisioning. */
export function registerCreateProfile({ scope, context, mayWrite }: ProfileRoutes): void {
  scope.post(PROFILES, { onRequest: mayWrite }, async (request, reply) => {
    const profile = await createProfile(context.profiles, actorOf(request), parseProfile(request.body));
    reply.code(202);
    return { '@odata.context': contextOf(request, '/$entity'), ...profileJson(profile) };
  });
}
