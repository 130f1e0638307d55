import { QUERY_OPTIONS } from '#core/query/query-options.ts';
import { schoolsOfPerson } from '#storage/views/relations.ts';

import { answerCollection } from './answer-collection.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';
import { signedInPerson } from './signed-in-person.ts';

/** GET /education/me/schools: of the user who is signed in */
export function registerListMySchools(routes: RosterRoutes): void {
  const hooks = {
    onRequest: routes.mayRead,
    preHandler: signedInPerson(routes),
    config: { queryOptions: QUERY_OPTIONS },
  };
  routes.scope.get('/education/me/schools', hooks, (request, reply) =>
    answerCollection(routes, request, reply, {
      view: routes.views.schools,
      set: 'Collection(microsoft.graph.educationSchool)',
      of: { view: routes.views.users, id: idOf(request), relation: schoolsOfPerson },
    }),
  );
}
