import { QUERY_OPTIONS } from '#core/query/query-options.ts';

import { answerCollection } from './answer-collection.ts';
import { answerCount, COUNT_OPTIONS } from './answer-count.ts';
import type { EntitySet } from './entity-set.ts';
import type { RosterRoutes } from './roster-route.ts';

/** GET /education/schools, and /$count; the same for the other sets. */
export function registerListObjects(routes: RosterRoutes, { view, mayList }: EntitySet): void {
  const address = `/${view.set}`;
  routes.scope.get(
    address,
    { onRequest: mayList, config: { queryOptions: QUERY_OPTIONS } },
    (request, reply) => answerCollection(routes, request, reply, { view, set: view.set }),
  );
  routes.scope.get(
    `${address}/$count`,
    { onRequest: mayList, config: { queryOptions: COUNT_OPTIONS } },
    (request, reply) => answerCount(routes, request, reply, { view }),
  );
}
