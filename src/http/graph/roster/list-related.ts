import { QUERY_OPTIONS } from '#core/query/query-options.ts';

import { answerCollection } from './answer-collection.ts';
import { answerCount, COUNT_OPTIONS } from './answer-count.ts';
import { answerRelatedObject } from './answer-related-object.ts';
import { navigationOf, type EntitySet } from './entity-set.ts';
import { keyOf, type RosterRoutes } from './roster-route.ts';

/** GET /education/classes/{id}/members, and /$count: the related objects of every set, or the one there is. */
export function registerListRelated(routes: RosterRoutes, set: EntitySet): void {
  const { view } = set;
  for (const name of Object.keys(view.navigations ?? {})) {
    const { target, relation, single, ofDirectoryObjects } = navigationOf(view, name);
    const onRequest = set.guards?.[name] ?? set.mayRead;
    const address = `/${view.set}/:id/${name}`;
    const parent = { view, relation };
    if (single) {
      routes.scope.get(address, { onRequest, config: { queryOptions: ['$select'] } }, (request) =>
        answerRelatedObject(routes, request, { view: target(), of: { ...parent, id: keyOf(request, view) } }),
      );
      continue;
    }
    routes.scope.get(address, { onRequest, config: { queryOptions: QUERY_OPTIONS } }, (request, reply) =>
      answerCollection(routes, request, reply, {
        view: target(),
        set: ofDirectoryObjects ? 'directoryObjects' : `Collection(${target().typeName})`,
        typed: ofDirectoryObjects === true,
        of: { ...parent, id: keyOf(request, view) },
      }),
    );
    routes.scope.get(
      `${address}/$count`,
      { onRequest, config: { queryOptions: COUNT_OPTIONS } },
      (request, reply) =>
        answerCount(routes, request, reply, { view: target(), of: { ...parent, id: keyOf(request, view) } }),
    );
  }
}
