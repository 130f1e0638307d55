import type { FastifyInstance } from 'fastify';

import type { HttpContext } from '../../context.ts';
import type { GraphVersion } from '../../scopes.ts';
import type { EntitySet } from './entity-set.ts';
import { registerGetObject } from './get-object.ts';
import { registerListChanges } from './list-changes.ts';
import { registerListObjects } from './list-objects.ts';
import { registerListRelated } from './list-related.ts';
import { rosterRoutes } from './roster-route.ts';

/** Reading the directory back. `scope`: that of /v1.0 or /beta. */
export function registerRosterReads(
  scope: FastifyInstance,
  context: HttpContext,
  version: GraphVersion,
): void {
  const routes = rosterRoutes(scope, context, version);
  const { mayRead, mayListUsers, views } = routes;
  const sets: readonly EntitySet[] = [
    { view: views.schools, mayList: mayRead, mayRead, guards: { users: mayListUsers } },
    { view: views.classes, mayList: mayRead, mayRead },
    { view: views.users, mayList: mayListUsers, mayRead },
  ];
  for (const set of sets) {
    registerListObjects(routes, set);
    registerListChanges(routes, set);
    registerGetObject(routes, set);
    registerListRelated(routes, set);
  }
}
