import { deleteProfile } from '#engine/profiles/delete-profile.ts';

import { actorOf, profileIdOf, PROFILES, type ProfileRoutes } from './profile-route.ts';

/** DELETE /education/synchronizationProfiles/{id}: 202, empty. What it synced, and its links, stay. */
export function registerDeleteProfile({ scope, context, mayWrite }: ProfileRoutes): void {
  scope.delete(`${PROFILES}/:id`, { onRequest: mayWrite }, async (request, reply) => {
    await deleteProfile(context.profiles, actorOf(request), profileIdOf(request));
    return reply.code(202).send();
  });
}
