import type { FastifyReply, FastifyRequest } from 'fastify';

import { updateProfile, type ProfileChange } from '#engine/profiles/update-profile.ts';
import { InvalidRequestError } from '#lib/errors.ts';

import { idInBody, parseProfile, parseProfilePatch } from './parse-profile.ts';
import { profileJson } from './profile-json.ts';
import { actorOf, contextOf, profileIdOf, PROFILES, type ProfileRoutes } from './profile-route.ts';

/**
 * PUT /education/synchronizationProfiles (the reference page's form: the id is in the body), PUT and PATCH …/{id}: 202 with the
 * profile, whose state is provisioning again. PUT replaces every property, PATCH those that are there.
 */
export function registerUpdateProfile({ scope, context, mayWrite }: ProfileRoutes): void {
  const update = async (request: FastifyRequest, reply: FastifyReply, id: string, change: ProfileChange) => {
    const profile = await updateProfile(context.profiles, actorOf(request), id, change);
    reply.code(202);
    return { '@odata.context': contextOf(request, '/$entity'), ...profileJson(profile) };
  };

  scope.put(PROFILES, { onRequest: mayWrite }, async (request, reply) =>
    update(request, reply, idInBody(request.body), parseProfile(request.body)),
  );
  scope.put(`${PROFILES}/:id`, { onRequest: mayWrite }, async (request, reply) => {
    const change = parseProfile(request.body);
    refuseOtherId(request);
    return update(request, reply, profileIdOf(request), change);
  });
  scope.patch(`${PROFILES}/:id`, { onRequest: mayWrite }, async (request, reply) => {
    const change = parseProfilePatch(request.body);
    refuseOtherId(request);
    return update(request, reply, profileIdOf(request), change);
  });
}

/** A body with the id of another profile was meant for that one. */
function refuseOtherId(request: FastifyRequest): void {
  const id = (request.body as { id?: unknown }).id;
  if (id === undefined || id === null) return;
  if (typeof id === 'string' && id.toLowerCase() === profileIdOf(request).toLowerCase()) return;
  throw new InvalidRequestError('id: The id in the body is not the id in the address.', 'id');
}
