import { answerCollection } from './answer-collection.ts';
import { answerCount } from './answer-count.ts';
import type { EntitySet } from './entity-set.ts';
import type { RosterRoutes } from './roster-route.ts';

/** GET /education/schools, and /$count; the same for the other sets. */
export function registerListObjects(routes: RosterRoutes, { view, mayList }: EntitySet): void {
  const address = `/${view.set}`;
  routes.scope.get(address, { onRequest: mayList }, (request) =>
    answerCollection(routes, request, { view, set: view.set }),
  );
  routes.scope.get(`${address}/$count`, { onRequest: mayList }, (request, reply) =>
    answerCount(routes, request, reply, { view }),
  );
}
