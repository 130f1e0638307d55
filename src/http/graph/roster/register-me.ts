import type { FastifyInstance } from 'fastify';

import type { HttpContext } from '../../context.ts';
import type { GraphVersion } from '../../scopes.ts';
import { registerGetMe } from './get-me.ts';
import { registerListMyClasses } from './list-my-classes.ts';
import { registerListMySchools } from './list-my-schools.ts';
import { registerListMyTaughtClasses } from './list-my-taught-classes.ts';
import { rosterRoutes } from './roster-route.ts';
import { registerUpdateMe } from './update-me.ts';

/** What somebody who is signed in reads and changes of themselves. `scope`: that of /v1.0 or /beta. */
export function registerMe(scope: FastifyInstance, context: HttpContext, version: GraphVersion): void {
  const routes = rosterRoutes(scope, context, version);
  for (const register of [
    registerGetMe,
    registerUpdateMe,
    registerListMyClasses,
    registerListMySchools,
    registerListMyTaughtClasses,
  ])
    register(routes);
}
