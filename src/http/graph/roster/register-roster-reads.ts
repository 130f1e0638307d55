import type { FastifyInstance } from 'fastify';

import { READ_DIRECTORY } from '#core/permissions.ts';

import { requirePermission } from '../../auth/require-permission.ts';
import type { HttpContext } from '../../context.ts';
import type { GraphVersion } from '../../scopes.ts';
import type { EntitySet } from './entity-set.ts';
import { registerGetObject } from './get-object.ts';
import { registerListChanges } from './list-changes.ts';
import { registerListObjects } from './list-objects.ts';
import { registerListRelated } from './list-related.ts';
import { registerListSubscribedSkus } from './list-subscribed-skus.ts';
import { LIST_PEOPLE, rosterRoutes } from './roster-route.ts';

/** Reading the directory back: the education types, and the directory's own over the same objects. `scope`: that of /v1.0 or /beta. */
export function registerRosterReads(
  scope: FastifyInstance,
  context: HttpContext,
  version: GraphVersion,
): void {
  const routes = rosterRoutes(scope, context, version);
  const { mayRead, mayListUsers, views } = routes;
  const mayReadDirectory = requirePermission(context, READ_DIRECTORY);
  const directory = { mayList: mayReadDirectory, mayRead: mayReadDirectory };
  const mayListPeople = requirePermission(context, LIST_PEOPLE);
  const sets: readonly EntitySet[] = [
    { view: views.schools, mayList: mayRead, mayRead, guards: { users: mayListUsers } },
    { view: views.classes, mayList: mayRead, mayRead },
    { view: views.users, mayList: mayListUsers, mayRead },
    { view: views.administrativeUnits, ...directory, guards: { members: mayListPeople } },
    { view: views.groups, ...directory },
    { view: views.directoryUsers, ...directory, mayList: mayListPeople },
    { view: views.organization, ...directory },
  ];
  for (const set of sets) {
    registerListObjects(routes, set);
    registerListChanges(routes, set);
    registerGetObject(routes, set);
    registerListRelated(routes, set);
  }
  registerListSubscribedSkus(routes, mayReadDirectory);
}
