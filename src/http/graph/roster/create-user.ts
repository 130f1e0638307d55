import { createUser } from '#directory/create-user.ts';
import { USER_COLUMNS } from '#storage/directory/hand-columns.ts';

import { readQuery } from '../../odata/read-query.ts';
import { answerCreated } from './answer-written.ts';
import { refuseUnknownRole } from './refuse-unknown-role.ts';
import type { RosterRoutes } from './roster-route.ts';
import { userToCreate } from './user-schema.ts';
import { readBody, valuesOf, whatDiffers } from './written-values.ts';

/** POST /education/users: an account made by hand. 201 with the user; the password is kept sealed and never sent back. */
export function registerCreateUser(routes: RosterRoutes): void {
  const view = routes.views.users;
  routes.scope.post('/education/users', { onRequest: routes.mayWrite }, async (request, reply) => {
    readQuery(request, view);
    const body = userToCreate.parse(whatDiffers(readBody(request), view, {}, userToCreate));
    const {
      '@odata.type': _type,
      passwordProfile,
      externalSource: _source,
      mailingAddress,
      residenceAddress,
      ...user
    } = body;
    refuseUnknownRole(user, routes.version);
    const attributes: Record<string, string> = {};
    for (const [path, value] of Object.entries(
      valuesOf({ mailingAddress, residenceAddress }, USER_COLUMNS),
    )) {
      const { attribute } = USER_COLUMNS[path] ?? {};
      if (attribute !== undefined && typeof value === 'string') attributes[attribute] = value;
    }
    const { password } = passwordProfile;
    const row = await createUser(routes.context, request.caller, { ...user, attributes, password }, view);
    return answerCreated(routes, request, reply, { view, set: 'education/users', row });
  });
}
