import type { FastifyInstance } from 'fastify';
import * as z from 'zod';

import { READ_PROFILES, WRITE_PROFILES } from '#core/permissions.ts';
import { getQuarantine, quarantineProfile } from '#engine/profiles/quarantine-profile.ts';

import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { actorOf, profileIdOf } from '../graph/profiles/profile-route.ts';

export const quarantineBody = z
  .strictObject({ note: z.string().trim().min(1).max(1_000).optional() })
  .nullish();

/** GET and POST /api/v1/profiles/{id}/quarantine: why a profile is in it and until when; and putting it there. */
export function registerQuarantine(scope: FastifyInstance, context: HttpContext): void {
  scope.get(
    '/profiles/:id/quarantine',
    { onRequest: requirePermission(context, READ_PROFILES) },
    async (request) => getQuarantine(context.profiles, request.caller.tenantId, profileIdOf(request)),
  );
  scope.post(
    '/profiles/:id/quarantine',
    { onRequest: requirePermission(context, WRITE_PROFILES) },
    async (request) => {
      const body = quarantineBody.parse(request.body);
      return quarantineProfile(context.profiles, actorOf(request), profileIdOf(request), body?.note ?? null);
    },
  );
}
