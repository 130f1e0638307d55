import type { FastifyInstance } from 'fastify';
import * as z from 'zod';

import { MANAGE_TENANT } from '#core/permissions.ts';
import { confirmInitialPasswords, readInitialPasswords } from '#engine/profiles/initial-passwords.ts';

import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { actorOf, profileIdOf } from '../graph/profiles/profile-route.ts';

export const passwordPage = z
  .strictObject({ exportId: z.uuid().nullish(), after: z.uuid().nullish() })
  .refine(({ exportId, after }) => !after || exportId, { error: 'after: send the exportId with it.' })
  .nullish();
export const passwordsArrived = z.strictObject({ exportId: z.uuid() });

/**
 * POST /api/v1/profiles/{id}/initialPasswords: pages of the passwords that its syncs gave to new accounts and that nobody was handed;
 * POST …/initialPasswords/confirm: they have arrived, and are shown to nobody again.
 */
export function registerInitialPasswords(scope: FastifyInstance, context: HttpContext): void {
  const options = { onRequest: requirePermission(context, MANAGE_TENANT) };
  scope.post('/profiles/:id/initialPasswords', options, async (request) => {
    const body = passwordPage.parse(request.body);
    const page = await readInitialPasswords(context.profiles, request.caller.tenantId, profileIdOf(request), {
      exportId: body?.exportId ?? null,
      after: body?.after ?? null,
    });
    return { exportId: page.exportId, value: page.passwords, after: page.after };
  });
  scope.post('/profiles/:id/initialPasswords/confirm', options, async (request) => {
    const { exportId } = passwordsArrived.parse(request.body);
    const handedOut = await confirmInitialPasswords(
      context.profiles,
      actorOf(request),
      profileIdOf(request),
      exportId,
    );
    return { handedOut };
  });
}
