import { removeMember } from '#directory/change-members.ts';

import { readReferenceQuery, refuseQuery } from './read-reference.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';

/** DELETE /education/schools/:id/users/:userId/$ref, and …/users/$ref?@id=… as SDKs have it. 204. */
export function registerRemoveSchoolUser({ scope, context, mayWrite }: RosterRoutes): void {
  scope.delete(
    '/education/schools/:id/users/:userId/$ref',
    { onRequest: mayWrite },
    async (request, reply) => {
      refuseQuery(request);
      const personId = idOf(request, 'userId');
      await removeMember(context, request.caller, { property: 'users', ofId: idOf(request), personId });
      return reply.code(204).send();
    },
  );
  scope.delete('/education/schools/:id/users/$ref', { onRequest: mayWrite }, async (request, reply) => {
    const personId = readReferenceQuery(request, 'users');
    await removeMember(context, request.caller, { property: 'users', ofId: idOf(request), personId });
    return reply.code(204).send();
  });
}
