import { resumeProfile } from '#engine/profiles/resume-profile.ts';

import { actorOf, profileIdOf, PROFILES, refuseParameters, type ProfileRoutes } from './profile-route.ts';

/** POST /education/synchronizationProfiles/{id}/resume: 200, no body and no Content-Type. */
export function registerResumeProfile({ scope, context, mayWrite }: ProfileRoutes): void {
  scope.post(`${PROFILES}/:id/resume`, { onRequest: mayWrite }, async (request, reply) => {
    refuseParameters(request.body);
    await resumeProfile(context.profiles, actorOf(request), profileIdOf(request));
    return reply.code(200).send();
  });
}
