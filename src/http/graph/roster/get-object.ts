import { answerObject } from './answer-object.ts';
import type { EntitySet } from './entity-set.ts';
import type { RosterRoutes } from './roster-route.ts';

/** GET /education/schools/{id}; the same for the other sets. */
export function registerGetObject(routes: RosterRoutes, { view, mayRead }: EntitySet): void {
  routes.scope.get(
    `/${view.set}/:id`,
    { onRequest: mayRead, config: { queryOptions: ['$select', '$expand'] } },
    (request) => answerObject(routes, request, { view, set: view.set }),
  );
}
