import { answerObject } from './answer-object.ts';
import type { RosterRoutes } from './roster-route.ts';
import { signedInPerson } from './signed-in-person.ts';

/** GET /education/me: the user who is signed in */
export function registerGetMe(routes: RosterRoutes): void {
  const hooks = {
    onRequest: routes.mayRead,
    preHandler: signedInPerson(routes),
    config: { queryOptions: ['$select', '$expand'] as const },
  };
  routes.scope.get('/education/me', hooks, (request) =>
    answerObject(routes, request, { view: routes.views.users, set: 'education/me' }),
  );
}
