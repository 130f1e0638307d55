import type { FastifyRequest } from 'fastify';
import { InvalidRequestError } from '#lib/errors.ts';
import { inTenant } from '#storage/database.ts';
import { findPersonId } from '#storage/directory/find-person.ts';

import { resourceNotFound, type RosterRoutes } from './roster-route.ts';

/**
 * A preHandler for `/education/me`: from there on the route is that of the user with the id of who is signed in. Throws
 * InvalidRequestError, in Graph's words, for an application's own token, and NotFoundError when the person is not in the directory.
 */
export function signedInPerson(
  routes: Pick<RosterRoutes, 'context'>,
): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    const { scopes, person } = request.caller;
    if (scopes.length === 0) {
      throw new InvalidRequestError('/me request is only valid with delegated authentication flow.');
    }
    const id = await findSignedInPerson(routes, request);
    if (id === undefined) throw resourceNotFound(person?.objectId ?? person?.subject ?? 'me');
    (request.params as Record<string, string>)['id'] = id;
  };
}

/** The id of the person who is signed in; undefined for an application's own token, and when they are not in the directory. */
export async function findSignedInPerson(
  { context }: Pick<RosterRoutes, 'context'>,
  request: FastifyRequest,
): Promise<string | undefined> {
  const { scopes, person, tenantId } = request.caller;
  if (scopes.length === 0 || person === undefined) return undefined;
  const { objectId, userPrincipalName } = person;
  return inTenant(context.db, tenantId, (tx) => findPersonId(tx, { objectId, userPrincipalName }), {
    readOnly: true,
  });
}
