import { schoolsOfPerson } from '#storage/views/relations.ts';

import { answerCollection } from './answer-collection.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';

/** GET /education/users/:id/schools */
export function registerListUserSchools(routes: RosterRoutes): void {
  routes.scope.get('/education/users/:id/schools', { onRequest: routes.mayRead }, (request) =>
    answerCollection(routes, request, {
      view: routes.views.schools,
      set: 'Collection(microsoft.graph.educationSchool)',
      of: { view: routes.views.users, id: idOf(request), relation: schoolsOfPerson },
    }),
  );
}
