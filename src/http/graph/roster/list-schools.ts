import { answerCollection } from './answer-collection.ts';
import type { RosterRoutes } from './roster-route.ts';

/** GET /education/schools */
export function registerListSchools(routes: RosterRoutes): void {
  routes.scope.get('/education/schools', { onRequest: routes.mayRead }, (request) =>
    answerCollection(routes, request, { view: routes.views.schools, set: 'education/schools' }),
  );
}
