import { answerCollection } from './answer-collection.ts';
import type { RosterRoutes } from './roster-route.ts';

/** GET /education/classes */
export function registerListClasses(routes: RosterRoutes): void {
  routes.scope.get('/education/classes', { onRequest: routes.mayRead }, (request) =>
    answerCollection(routes, request, { view: routes.views.classes, set: 'education/classes' }),
  );
}
