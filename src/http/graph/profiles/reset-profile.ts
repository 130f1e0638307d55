import { resetProfile } from '#engine/profiles/reset-profile.ts';

import { actorOf, profileIdOf, PROFILES, refuseParameters, type ProfileRoutes } from './profile-route.ts';

/** POST /education/synchronizationProfiles/{id}/reset: 200, no body and no Content-Type. */
export function registerResetProfile({ scope, context, mayWrite }: ProfileRoutes): void {
  scope.post(`${PROFILES}/:id/reset`, { onRequest: mayWrite }, async (request, reply) => {
    refuseParameters(request.body);
    await resetProfile(context.profiles, actorOf(request), profileIdOf(request));
    return reply.code(200).send();
  });
}
