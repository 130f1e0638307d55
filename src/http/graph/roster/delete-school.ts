import { removeObject } from '#directory/remove-object.ts';

import { readQuery } from '../../odata/read-query.ts';
import { idOf, resourceNotFound, type RosterRoutes } from './roster-route.ts';

/** DELETE /education/schools/:id: it becomes inactive and its memberships end; nothing is erased. 204. */
export function registerDeleteSchool({ scope, context, views, mayWrite }: RosterRoutes): void {
  scope.delete('/education/schools/:id', { onRequest: mayWrite }, async (request, reply) => {
    readQuery(request, views.schools);
    const id = idOf(request);
    if (!(await removeObject(context, request.caller, { kind: 'org', id }))) throw resourceNotFound(id);
    return reply.code(204).send();
  });
}
