import type { FastifyInstance } from 'fastify';
import * as z from 'zod';

import { WRITE_PROFILES } from '#core/permissions.ts';
import { readResetScopes } from '#core/run/reset-scopes.ts';
import { resetProfile } from '#engine/profiles/reset-profile.ts';
import { InvalidRequestError } from '#lib/errors.ts';

import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { actorOf, profileIdOf } from '../graph/profiles/profile-route.ts';

export const resetBody = z.strictObject({ scopes: z.array(z.string()).max(32) }).partial();

/** POST /api/v1/profiles/{id}/reset with `{"scopes": [...]}`: what was forgotten. */
export function registerResetScopes(scope: FastifyInstance, context: HttpContext): void {
  scope.post(
    '/profiles/:id/reset',
    { onRequest: requirePermission(context, WRITE_PROFILES) },
    async (request) => {
      const body = resetBody.parse(request.body ?? {});
      const asked = readResetScopes(body.scopes ?? []);
      if ('problem' in asked) throw new InvalidRequestError(`scopes: ${asked.problem}`, 'scopes');
      return resetProfile(context.profiles, actorOf(request), profileIdOf(request), asked.scopes);
    },
  );
}
