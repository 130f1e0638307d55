import { answerCollection } from './answer-collection.ts';
import type { RosterRoutes } from './roster-route.ts';

/** GET /education/users */
export function registerListUsers(routes: RosterRoutes): void {
  routes.scope.get('/education/users', { onRequest: routes.mayListUsers }, (request) =>
    answerCollection(routes, request, { view: routes.views.users, set: 'education/users' }),
  );
}
