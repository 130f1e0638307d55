import { ForbiddenError } from '#access/access-errors.ts';

import { patchUser } from './patch-user.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';
import { findSignedInPerson } from './signed-in-person.ts';

/** PATCH /education/users/:id. 200 with the user. People change nobody else, and under their own id no more than under /education/me. */
export function registerUpdateUser(routes: RosterRoutes): void {
  routes.scope.patch('/education/users/:id', { onRequest: routes.mayWriteUser }, async (request) => {
    const id = idOf(request);
    const own = (await findSignedInPerson(routes, request)) === id;
    if (!own && request.caller.scopes.length > 0)
      throw new ForbiddenError(
        'Insufficient privileges to complete the operation. People change nobody but themselves; an application needs EduRoster.ReadWrite.All.',
      );
    return patchUser(routes, request, { id, set: 'education/users', own });
  });
}
