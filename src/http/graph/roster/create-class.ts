import { createClass } from '#directory/write-class.ts';
import { CLASS_COLUMNS } from '#storage/directory/hand-columns.ts';

import { readQuery } from '../../odata/read-query.ts';
import { answerCreated } from './answer-written.ts';
import { classToCreate } from './class-schema.ts';
import type { RosterRoutes } from './roster-route.ts';
import { readBody, valuesOf, whatDiffers } from './written-values.ts';

/** POST /education/classes: one made by hand. 201 with the class. */
export function registerCreateClass(routes: RosterRoutes): void {
  const view = routes.views.classes;
  routes.scope.post('/education/classes', { onRequest: routes.mayWrite }, async (request, reply) => {
    readQuery(request, view);
    const body = classToCreate.parse(whatDiffers(readBody(request), view, {}, classToCreate));
    const values = valuesOf(body, CLASS_COLUMNS);
    const row = await createClass(routes.context, request.caller, { values, view });
    return answerCreated(routes, request, reply, { view, set: 'education/classes', row });
  });
}
