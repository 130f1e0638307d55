import { addClassToSchool } from '#directory/change-school-classes.ts';

import { readReferenceBody } from './read-reference.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';

/** POST /education/schools/:id/classes/$ref: puts the class that `@odata.id` names into the school. 204. */
export function registerAddSchoolClass({ scope, context, mayWrite }: RosterRoutes): void {
  scope.post('/education/schools/:id/classes/$ref', { onRequest: mayWrite }, async (request, reply) => {
    const classId = readReferenceBody(request, 'classes');
    await addClassToSchool(context, request.caller, { schoolId: idOf(request), classId });
    return reply.code(204).send();
  });
}
