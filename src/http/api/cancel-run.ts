import type { FastifyInstance } from 'fastify';
import * as z from 'zod';

import { WRITE_PROFILES } from '#core/permissions.ts';
import { cancelRun } from '#engine/profiles/cancel-run.ts';

import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { actorOf, profileIdOf } from '../graph/profiles/profile-route.ts';
import { runJson } from './run-json.ts';

export const cancelBody = z.strictObject({ note: z.string().trim().max(1_000).nullish() }).nullish();

/** POST /api/v1/runs/{id}/cancel: 200 with the cancelled run; 202 while its worker is still on the way to its next batch. */
export function registerCancelRun(scope: FastifyInstance, context: HttpContext): void {
  scope.post(
    '/runs/:id/cancel',
    { onRequest: requirePermission(context, WRITE_PROFILES) },
    async (request, reply) => {
      const note = cancelBody.parse(request.body)?.note ?? '';
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const run = await cancelRun(
        context.profiles,
        actorOf(request),
        profileIdOf(request),
        note === '' ? null : note,
        gone.signal,
      );
      return reply.code(run.state === 'cancelled' ? 200 : 202).send(runJson(run));
    },
  );
}
