import { pauseProfile } from '#engine/profiles/pause-profile.ts';

import { actorOf, profileIdOf, PROFILES, refuseParameters, type ProfileRoutes } from './profile-route.ts';

/** POST /education/synchronizationProfiles/{id}/pause: 200, no body and no Content-Type. */
export function registerPauseProfile({ scope, context, mayWrite }: ProfileRoutes): void {
  scope.post(`${PROFILES}/:id/pause`, { onRequest: mayWrite }, async (request, reply) => {
    refuseParameters(request.body);
    await pauseProfile(context.profiles, actorOf(request), profileIdOf(request));
    return reply.code(200).send();
  });
}
