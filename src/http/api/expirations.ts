import type { FastifyInstance } from 'fastify';
import * as z from 'zod';

import { READ_PROFILES, WRITE_PROFILES } from '#core/permissions.ts';
import { getRun } from '#engine/profiles/read-runs.ts';
import { isUndoable, readExpirations, undoExpiration } from '#engine/profiles/undo-expiration.ts';

import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { actorOf, profileIdOf } from '../graph/profiles/profile-route.ts';
import { runJson } from './run-json.ts';

export const undoBody = z.strictObject({ expirationRunId: z.string().min(1).max(64).nullish() }).nullish();

/**
 * GET /api/v1/profiles/{id}/expirations: the expirations of a profile, and how many classes each still keeps; POST
 * /api/v1/profiles/{id}/undo-expiration: a run that puts one of them back, once its plan is approved.
 */
export function registerExpirations(scope: FastifyInstance, context: HttpContext): void {
  const { profiles } = context;

  scope.get(
    '/profiles/:id/expirations',
    { onRequest: requirePermission(context, READ_PROFILES) },
    async (request) => {
      const kept = await readExpirations(profiles, request.caller.tenantId, profileIdOf(request));
      return {
        value: kept.map((expiration) => ({
          runId: expiration.runId,
          expiredOn: expiration.expiredOn,
          classesKept: expiration.classes,
          canBeUndone: isUndoable(expiration) && expiration.sameAnchor,
          sourceSystem: { id: expiration.id, name: expiration.name },
        })),
      };
    },
  );

  scope.post(
    '/profiles/:id/undo-expiration',
    { onRequest: requirePermission(context, WRITE_PROFILES) },
    async (request, reply) => {
      const body = undoBody.parse(request.body);
      const runId = await undoExpiration(
        profiles,
        actorOf(request),
        profileIdOf(request),
        body?.expirationRunId ?? null,
      );
      const { run } = await getRun(profiles, request.caller.tenantId, runId, 0);
      return reply.code(202).header('location', `${request.baseUrl}/api/v1/runs/${runId}`).send(runJson(run));
    },
  );
}
