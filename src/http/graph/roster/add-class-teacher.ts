import { addMember } from '#directory/change-members.ts';

import { readReferenceBody } from './read-reference.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';

/** POST /education/classes/:id/teachers/$ref: adds the user that `@odata.id` names. 204. */
export function registerAddClassTeacher({ scope, context, mayWrite }: RosterRoutes): void {
  scope.post('/education/classes/:id/teachers/$ref', { onRequest: mayWrite }, async (request, reply) => {
    const personId = readReferenceBody(request, 'users');
    await addMember(context, request.caller, { property: 'teachers', ofId: idOf(request), personId });
    return reply.code(204).send();
  });
}
