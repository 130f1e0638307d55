import { patchUser } from './patch-user.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';
import { signedInPerson } from './signed-in-person.ts';

/** PATCH /education/me: the user who is signed in, with EduRoster.ReadWrite, and of that what is theirs to change. 200 with the user. */
export function registerUpdateMe(routes: RosterRoutes): void {
  const hooks = { onRequest: routes.mayWriteUser, preHandler: signedInPerson(routes) };
  routes.scope.patch('/education/me', hooks, (request) =>
    patchUser(routes, request, { id: idOf(request), set: 'education/me', own: true }),
  );
}
