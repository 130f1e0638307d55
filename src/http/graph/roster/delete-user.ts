import { removeObject } from '#directory/remove-object.ts';

import { readQuery } from '../../odata/read-query.ts';
import { idOf, resourceNotFound, type RosterRoutes } from './roster-route.ts';

/** DELETE /education/users/:id: it becomes inactive and its memberships end; nothing is erased. The account is disabled. 204. */
export function registerDeleteUser({ scope, context, views, mayWrite }: RosterRoutes): void {
  scope.delete('/education/users/:id', { onRequest: mayWrite }, async (request, reply) => {
    readQuery(request, views.users);
    const id = idOf(request);
    if (!(await removeObject(context, request.caller, { kind: 'person', id }))) throw resourceNotFound(id);
    return reply.code(204).send();
  });
}
