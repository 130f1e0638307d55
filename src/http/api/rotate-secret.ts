import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { DEFAULT_GRACE_HOURS, MAXIMUM_GRACE_HOURS } from '#access/change-applications.ts';
import type { Issuer } from '#access/issuer.ts';
import { InvalidRequestError } from '#lib/errors.ts';
import type { Guard } from '../auth/require-permission.ts';
import { targetOf } from './application-target.ts';

export const secretRotation = z.strictObject({
  graceHours: z.int().min(0).max(MAXIMUM_GRACE_HOURS).optional(),
  immediately: z.boolean().optional(),
});

/** A new secret beside the old one, which ends after a while, or at once. */
export function registerRotateSecret(scope: FastifyInstance, onRequest: Guard, issuer: Issuer): void {
  scope.post('/applications/:id/rotateSecret', { onRequest }, async (request) => {
    const { graceHours, immediately = false } = secretRotation.parse(request.body ?? {});
    if (immediately && (graceHours ?? 0) > 0)
      throw new InvalidRequestError(
        'immediately: the old secret ends at once, or after graceHours: say one of the two.',
        'immediately',
      );
    const target = targetOf(request);
    const rotated = await issuer.rotateSecret(target, immediately ? 0 : (graceHours ?? DEFAULT_GRACE_HOURS));
    // The only time that the secret is seen.
    return {
      clientId: target.id,
      tenantId: target.tenantId,
      displayName: rotated.application.displayName,
      clientSecret: rotated.clientSecret,
      previousSecretEndDateTime: rotated.previousEndsAt?.toISOString() ?? null,
    };
  });
}
