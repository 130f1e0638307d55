import { QUERY_OPTIONS } from '#core/query/query-options.ts';
import { classesOfPerson } from '#storage/views/relations.ts';

import { answerCollection } from './answer-collection.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';
import { signedInPerson } from './signed-in-person.ts';

/** GET /education/me/taughtClasses: of the user who is signed in */
export function registerListMyTaughtClasses(routes: RosterRoutes): void {
  const hooks = {
    onRequest: routes.mayRead,
    preHandler: signedInPerson(routes),
    config: { queryOptions: QUERY_OPTIONS },
  };
  routes.scope.get('/education/me/taughtClasses', hooks, (request, reply) =>
    answerCollection(routes, request, reply, {
      view: routes.views.classes,
      set: 'Collection(microsoft.graph.educationClass)',
      of: { view: routes.views.users, id: idOf(request), relation: classesOfPerson('teacher') },
    }),
  );
}
