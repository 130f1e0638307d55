import { answerObject } from './answer-object.ts';
import type { RosterRoutes } from './roster-route.ts';

/** GET /education/schools/:id */
export function registerGetSchool(routes: RosterRoutes): void {
  routes.scope.get('/education/schools/:id', { onRequest: routes.mayRead }, (request) =>
    answerObject(routes, request, { view: routes.views.schools, set: 'education/schools' }),
  );
}
