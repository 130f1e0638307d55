import type { FastifyInstance } from 'fastify';

import type { HttpContext } from '../../context.ts';
import type { GraphVersion } from '../../scopes.ts';
import { registerCreateUser } from './create-user.ts';
import { rosterRoutes } from './roster-route.ts';

/** Writing people by hand, as Graph does it. `scope`: that of /v1.0 or /beta. */
export function registerUserWrites(
  scope: FastifyInstance,
  context: HttpContext,
  version: GraphVersion,
): void {
  registerCreateUser(rosterRoutes(scope, context, version));
}
