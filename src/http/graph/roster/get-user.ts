import { answerObject } from './answer-object.ts';
import type { RosterRoutes } from './roster-route.ts';

/** GET /education/users/:id */
export function registerGetUser(routes: RosterRoutes): void {
  routes.scope.get('/education/users/:id', { onRequest: routes.mayRead }, (request) =>
    answerObject(routes, request, { view: routes.views.users, set: 'education/users' }),
  );
}
