import { removeClassFromSchool } from '#directory/change-school-classes.ts';

import { readReferenceQuery, refuseQuery } from './read-reference.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';

/** DELETE /education/schools/:id/classes/:classId/$ref, and …/classes/$ref?@id=… as SDKs have it. 204. */
export function registerRemoveSchoolClass({ scope, context, mayWrite }: RosterRoutes): void {
  scope.delete(
    '/education/schools/:id/classes/:classId/$ref',
    { onRequest: mayWrite },
    async (request, reply) => {
      refuseQuery(request);
      const classId = idOf(request, 'classId');
      await removeClassFromSchool(context, request.caller, { schoolId: idOf(request), classId });
      return reply.code(204).send();
    },
  );
  scope.delete('/education/schools/:id/classes/$ref', { onRequest: mayWrite }, async (request, reply) => {
    const classId = readReferenceQuery(request, 'classes');
    await removeClassFromSchool(context, request.caller, { schoolId: idOf(request), classId });
    return reply.code(204).send();
  });
}
