import type { FastifyInstance } from 'fastify';
import * as z from 'zod';

import { WRITE_PROFILES } from '#core/permissions.ts';
import { resumeProfile } from '#engine/profiles/resume-profile.ts';

import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { actorOf, profileIdOf } from '../graph/profiles/profile-route.ts';

export const resumeBody = z
  .strictObject({ confirmEmptyFiles: z.array(z.string().min(1).max(256)).max(32).optional() })
  .nullish();

/** POST /api/v1/profiles/{id}/resume: as Graph's resume, and confirms missing or empty files by name. 200, no body. */
export function registerResumeWithConfirmation(scope: FastifyInstance, context: HttpContext): void {
  scope.post(
    '/profiles/:id/resume',
    { onRequest: requirePermission(context, WRITE_PROFILES) },
    async (request, reply) => {
      const body = resumeBody.parse(request.body);
      await resumeProfile(context.profiles, actorOf(request), profileIdOf(request), {
        confirmEmptyFiles: body?.confirmEmptyFiles ?? [],
      });
      return reply.code(200).send();
    },
  );
}
