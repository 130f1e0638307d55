import { peopleOfClass } from '#storage/views/relations.ts';

import { answerCollection } from './answer-collection.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';

/** GET /education/classes/:id/members: students and teachers */
export function registerListClassMembers(routes: RosterRoutes): void {
  routes.scope.get('/education/classes/:id/members', { onRequest: routes.mayRead }, (request) =>
    answerCollection(routes, request, {
      view: routes.views.users,
      set: 'Collection(microsoft.graph.educationUser)',
      of: { view: routes.views.classes, id: idOf(request), relation: peopleOfClass() },
    }),
  );
}
