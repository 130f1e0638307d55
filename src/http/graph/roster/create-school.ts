import { createSchool } from '#directory/write-school.ts';
import { SCHOOL_COLUMNS } from '#storage/directory/hand-columns.ts';

import { readQuery } from '../../odata/read-query.ts';
import { answerCreated } from './answer-written.ts';
import { schoolToCreate } from './school-schema.ts';
import type { RosterRoutes } from './roster-route.ts';
import { readBody, valuesOf, whatDiffers } from './written-values.ts';

/** POST /education/schools: one made by hand. 201 with the school. */
export function registerCreateSchool(routes: RosterRoutes): void {
  const view = routes.views.schools;
  routes.scope.post('/education/schools', { onRequest: routes.mayWrite }, async (request, reply) => {
    readQuery(request, view);
    const body = schoolToCreate.parse(whatDiffers(readBody(request), view, {}, schoolToCreate));
    const values = valuesOf(body, SCHOOL_COLUMNS);
    const row = await createSchool(routes.context, request.caller, { values, view });
    return answerCreated(routes, request, reply, { view, set: 'education/schools', row });
  });
}
