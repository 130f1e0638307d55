import type { FastifyInstance } from 'fastify';

import { READ_PROFILES } from '#core/permissions.ts';
import { getSchedule } from '#engine/profiles/read-schedule.ts';

import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { profileIdOf } from '../graph/profiles/profile-route.ts';

/** GET /api/v1/profiles/{id}/schedule: what is scheduled and what comes of it. It is changed through the settings. */
export function registerSchedule(scope: FastifyInstance, context: HttpContext): void {
  scope.get(
    '/profiles/:id/schedule',
    { onRequest: requirePermission(context, READ_PROFILES) },
    async (request) => getSchedule(context.profiles, request.caller.tenantId, profileIdOf(request)),
  );
}
