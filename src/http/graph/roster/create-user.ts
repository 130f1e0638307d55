import { InvalidRequestError } from '#lib/errors.ts';
import { must } from '#lib/assert.ts';
import { createUser } from '#directory/create-user.ts';
import { inTenant } from '#storage/database.ts';
import { readObject } from '#storage/views/read-view.ts';
import { allLeaves } from '#storage/views/view.ts';

import { contextUrl } from '../../odata/context-url.ts';
import { readQuery } from '../../odata/read-query.ts';
import { shapeObject } from '../../odata/shape-object.ts';
import type { RosterRoutes } from './roster-route.ts';
import { userToCreate } from './user-schema.ts';

/** POST /education/users: an account made by hand. 201 with the user; the password is kept sealed and never sent back. */
export function registerCreateUser({ scope, context, version, views, mayWrite }: RosterRoutes): void {
  const view = views.users;
  scope.post('/education/users', { onRequest: mayWrite }, async (request, reply) => {
    readQuery(request, view);
    const {
      '@odata.type': _type,
      passwordProfile,
      externalSource: _source,
      primaryRole = 'none',
      ...user
    } = userToCreate.parse(request.body ?? {});
    if (primaryRole === 'faculty' && version === 'v1.0') {
      throw new InvalidRequestError('primaryRole: faculty is a member in beta only.', 'primaryRole');
    }
    const { tenantId } = request.caller;
    const id = await createUser(context, tenantId, {
      ...user,
      primaryRole,
      password: passwordProfile.password,
    });
    const paths = allLeaves(view);
    const row = await inTenant(context.db, tenantId, (tx) => readObject(tx, view, id, paths), {
      readOnly: true,
    });
    const root = { baseUrl: request.baseUrl, version };
    return reply
      .code(201)
      .header('location', `${request.baseUrl}/${version}/education/users/${id}`)
      .send({
        '@odata.context': contextUrl(root, 'education/users', { entity: true }),
        ...shapeObject(view, paths, must(row, 'a user that was made just now is missing')),
      });
  });
}
