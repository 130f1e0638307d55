import { removeObject } from '#directory/remove-object.ts';

import { readQuery } from '../../odata/read-query.ts';
import { idOf, resourceNotFound, type RosterRoutes } from './roster-route.ts';

/** DELETE /education/classes/:id: it becomes inactive and its memberships end; nothing is erased. 204. */
export function registerDeleteClass({ scope, context, views, mayWrite }: RosterRoutes): void {
  scope.delete('/education/classes/:id', { onRequest: mayWrite }, async (request, reply) => {
    readQuery(request, views.classes);
    const id = idOf(request);
    if (!(await removeObject(context, request.caller, { kind: 'class', id }))) throw resourceNotFound(id);
    return reply.code(204).send();
  });
}
