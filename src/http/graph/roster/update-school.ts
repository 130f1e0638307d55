import { updateSchool } from '#directory/write-school.ts';
import { SCHOOL_COLUMNS } from '#storage/directory/hand-columns.ts';

import { readQuery } from '../../odata/read-query.ts';
import { answerUpdated } from './answer-written.ts';
import { schoolToUpdate } from './school-schema.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';
import { changesOf, readBody } from './written-values.ts';

/** PATCH /education/schools/:id: only what is there changes, null clears. 200 with the school. */
export function registerUpdateSchool(routes: RosterRoutes): void {
  const view = routes.views.schools;
  routes.scope.patch('/education/schools/:id', { onRequest: routes.mayWrite }, async (request) => {
    readQuery(request, view);
    const id = idOf(request);
    const read = changesOf(readBody(request), schoolToUpdate, { view, columns: SCHOOL_COLUMNS });
    const row = await updateSchool(routes.context, request.caller, { id, view, read });
    return answerUpdated(routes, request, { view, set: 'education/schools', id, row });
  });
}
