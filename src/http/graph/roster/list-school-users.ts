import { peopleOfSchool } from '#storage/views/relations.ts';

import { answerCollection } from './answer-collection.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';

/** GET /education/schools/:id/users: everybody with a role there */
export function registerListSchoolUsers(routes: RosterRoutes): void {
  routes.scope.get('/education/schools/:id/users', { onRequest: routes.mayListUsers }, (request) =>
    answerCollection(routes, request, {
      view: routes.views.users,
      set: 'Collection(microsoft.graph.educationUser)',
      of: { view: routes.views.schools, id: idOf(request), relation: peopleOfSchool },
    }),
  );
}
