import type { FastifyInstance } from 'fastify';

import { READ_PROFILES, WRITE_PROFILES } from '#core/permissions.ts';
import { getProfileSettings, patchProfileSettings } from '#engine/profiles/profile-settings.ts';

import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { actorOf, profileIdOf } from '../graph/profiles/profile-route.ts';

/** GET and PATCH /api/v1/profiles/{id}/settings: what Graph has no property for. */
export function registerProfileSettings(scope: FastifyInstance, context: HttpContext): void {
  scope.get(
    '/profiles/:id/settings',
    { onRequest: requirePermission(context, READ_PROFILES) },
    async (request) => getProfileSettings(context.profiles, request.caller.tenantId, profileIdOf(request)),
  );
  scope.patch(
    '/profiles/:id/settings',
    { onRequest: requirePermission(context, WRITE_PROFILES) },
    async (request) =>
      patchProfileSettings(context.profiles, actorOf(request), profileIdOf(request), request.body),
  );
}
