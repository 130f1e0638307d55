import { classesOfPerson } from '#storage/views/relations.ts';

import { answerCollection } from './answer-collection.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';

/** GET /education/users/:id/taughtClasses */
export function registerListUserTaughtClasses(routes: RosterRoutes): void {
  routes.scope.get('/education/users/:id/taughtClasses', { onRequest: routes.mayRead }, (request) =>
    answerCollection(routes, request, {
      view: routes.views.classes,
      set: 'Collection(microsoft.graph.educationClass)',
      of: { view: routes.views.users, id: idOf(request), relation: classesOfPerson('teacher') },
    }),
  );
}
