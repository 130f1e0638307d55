import { schoolOfClass } from '#storage/views/relations.ts';

import { answerCollection } from './answer-collection.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';

/** GET /education/classes/:id/schools: the one it belongs to */
export function registerListClassSchools(routes: RosterRoutes): void {
  routes.scope.get('/education/classes/:id/schools', { onRequest: routes.mayRead }, (request) =>
    answerCollection(routes, request, {
      view: routes.views.schools,
      set: 'Collection(microsoft.graph.educationSchool)',
      of: { view: routes.views.classes, id: idOf(request), relation: schoolOfClass },
    }),
  );
}
