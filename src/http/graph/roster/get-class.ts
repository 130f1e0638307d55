import { answerObject } from './answer-object.ts';
import type { RosterRoutes } from './roster-route.ts';

/** GET /education/classes/:id */
export function registerGetClass(routes: RosterRoutes): void {
  routes.scope.get('/education/classes/:id', { onRequest: routes.mayRead }, (request) =>
    answerObject(routes, request, { view: routes.views.classes, set: 'education/classes' }),
  );
}
