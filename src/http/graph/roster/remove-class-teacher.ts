import { removeMember } from '#directory/change-members.ts';

import { readReferenceQuery, refuseQuery } from './read-reference.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';

/** DELETE /education/classes/:id/teachers/:userId/$ref, and …/teachers/$ref?@id=… as SDKs have it. 204. */
export function registerRemoveClassTeacher({ scope, context, mayWrite }: RosterRoutes): void {
  scope.delete(
    '/education/classes/:id/teachers/:userId/$ref',
    { onRequest: mayWrite },
    async (request, reply) => {
      refuseQuery(request);
      const personId = idOf(request, 'userId');
      await removeMember(context, request.caller, { property: 'teachers', ofId: idOf(request), personId });
      return reply.code(204).send();
    },
  );
  scope.delete('/education/classes/:id/teachers/$ref', { onRequest: mayWrite }, async (request, reply) => {
    const personId = readReferenceQuery(request, 'users');
    await removeMember(context, request.caller, { property: 'teachers', ofId: idOf(request), personId });
    return reply.code(204).send();
  });
}
