import { schoolsOfPerson } from '#storage/views/relations.ts';

import { answerCollection } from './answer-collection.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';
import { signedInPerson } from './signed-in-person.ts';

/** GET /education/me/schools: of the user who is signed in */
export function registerListMySchools(routes: RosterRoutes): void {
  const hooks = { onRequest: routes.mayRead, preHandler: signedInPerson(routes) };
  routes.scope.get('/education/me/schools', hooks, (request) =>
    answerCollection(routes, request, {
      view: routes.views.schools,
      set: 'Collection(microsoft.graph.educationSchool)',
      of: { view: routes.views.users, id: idOf(request), relation: schoolsOfPerson },
    }),
  );
}
