import { patchUser } from './patch-user.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';
import { findSignedInPerson } from './signed-in-person.ts';

/** PATCH /education/users/:id. 200 with the user. Under their own id people change no more than under /education/me. */
export function registerUpdateUser(routes: RosterRoutes): void {
  routes.scope.patch('/education/users/:id', { onRequest: routes.mayWrite }, async (request) => {
    const id = idOf(request);
    const own = (await findSignedInPerson(routes, request)) === id;
    return patchUser(routes, request, { id, set: 'education/users', own });
  });
}
