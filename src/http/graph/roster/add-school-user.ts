import { addMember } from '#directory/change-members.ts';

import { readReferenceBody } from './read-reference.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';

/** POST /education/schools/:id/users/$ref: adds the user that `@odata.id` names. 204. */
export function registerAddSchoolUser({ scope, context, mayWrite }: RosterRoutes): void {
  scope.post('/education/schools/:id/users/$ref', { onRequest: mayWrite }, async (request, reply) => {
    const personId = readReferenceBody(request, 'users');
    await addMember(context, request.caller, { property: 'users', ofId: idOf(request), personId });
    return reply.code(204).send();
  });
}
