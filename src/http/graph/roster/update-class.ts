import { updateClass } from '#directory/write-class.ts';
import { CLASS_COLUMNS } from '#storage/directory/hand-columns.ts';

import { readQuery } from '../../odata/read-query.ts';
import { answerUpdated } from './answer-written.ts';
import { classToUpdate } from './class-schema.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';
import { changesOf, readBody } from './written-values.ts';

/** PATCH /education/classes/:id: only what is there changes, null clears. 200 with the class. */
export function registerUpdateClass(routes: RosterRoutes): void {
  const view = routes.views.classes;
  routes.scope.patch('/education/classes/:id', { onRequest: routes.mayWrite }, async (request) => {
    readQuery(request, view);
    const id = idOf(request);
    const read = changesOf(readBody(request), classToUpdate, { view, columns: CLASS_COLUMNS });
    const row = await updateClass(routes.context, request.caller, { id, view, read });
    return answerUpdated(routes, request, { view, set: 'education/classes', id, row });
  });
}
