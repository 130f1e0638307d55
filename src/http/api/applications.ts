import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Issuer } from '#access/issuer.ts';
import { MANAGE_TENANT } from '#core/permissions.ts';
import type { ApplicationRow } from '#storage/access/applications.ts';
import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { targetOf } from './application-target.ts';
import { registerRotateSecret } from './rotate-secret.ts';

const displayName = z.string().min(1).max(256);
const permissions = z.array(z.string().max(128)).min(1).max(64);
export const newApplication = z.strictObject({ displayName, permissions });
export const applicationChange = z.strictObject({
  displayName: displayName.optional(),
  permissions: permissions.optional(),
});

/** The applications of the caller's tenant: create, list, read, change, rotate the secret, revoke. */
export function registerApplications(scope: FastifyInstance, context: HttpContext, issuer: Issuer): void {
  const onRequest = requirePermission(context, MANAGE_TENANT);
  scope.post('/applications', { onRequest }, async (request, reply) => {
    const input = newApplication.parse(request.body ?? {});
    const { tenantId, applicationId: actor } = request.caller;
    const created = await issuer.createApplication(tenantId, { ...input, actor });
    // The only time that the secret is seen.
    return reply.code(201).send({
      clientId: created.id,
      tenantId,
      displayName: created.displayName,
      permissions: created.permissions,
      clientSecret: created.clientSecret,
    });
  });
  scope.get('/applications', { onRequest }, async (request) => ({
    value: (await issuer.listApplications(request.caller.tenantId)).map(applicationJson),
  }));
  scope.get('/applications/:id', { onRequest }, async (request) => {
    const { tenantId, id } = targetOf(request);
    const found = await issuer.readApplication(tenantId, id);
    const secrets = found.secretEnds.map((end) => ({ endDateTime: end?.toISOString() ?? null }));
    return { ...applicationJson(found), secrets };
  });
  scope.get('/applications/:id/events', { onRequest }, async (request) => {
    const { tenantId, id } = targetOf(request);
    const events = await issuer.readApplicationEvents(tenantId, id);
    return { value: events.map(({ at, ...event }) => ({ ...event, at: at.toISOString() })) };
  });
  scope.patch('/applications/:id', { onRequest }, async (request) =>
    applicationJson(
      await issuer.updateApplication(targetOf(request), applicationChange.parse(request.body ?? {})),
    ),
  );
  scope.delete('/applications/:id', { onRequest }, async (request, reply) => {
    await issuer.revokeApplication(targetOf(request));
    return reply.code(204).send();
  });
  registerRotateSecret(scope, onRequest, issuer);
}

function applicationJson(row: ApplicationRow): Record<string, unknown> {
  return {
    clientId: row.id,
    displayName: row.displayName,
    permissions: row.permissions,
    createdDateTime: row.createdAt.toISOString(),
    revokedDateTime: row.revokedAt?.toISOString() ?? null,
  };
}
