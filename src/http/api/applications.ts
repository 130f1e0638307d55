import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Issuer } from '#access/issuer.ts';
import { MANAGE_TENANT } from '#core/permissions.ts';
import { NotFoundError } from '#lib/errors.ts';
import type { ApplicationRow } from '#storage/access/applications.ts';
import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';

const newApplication = z.strictObject({
  displayName: z.string().min(1).max(256),
  permissions: z.array(z.string().max(128)).min(1).max(64),
});

/** The applications of the caller's tenant: create, list, revoke. */
export function registerApplications(scope: FastifyInstance, context: HttpContext, issuer: Issuer): void {
  const onRequest = requirePermission(context, MANAGE_TENANT);
  scope.post('/applications', { onRequest }, async (request, reply) => {
    const input = newApplication.parse(request.body ?? {});
    const created = await issuer.createApplication(request.caller.tenantId, input);
    // The only time that the secret is seen.
    return reply.code(201).send({
      clientId: created.id,
      tenantId: request.caller.tenantId,
      displayName: created.displayName,
      permissions: created.permissions,
      clientSecret: created.clientSecret,
    });
  });
  scope.get('/applications', { onRequest }, async (request) => ({
    value: (await issuer.listApplications(request.caller.tenantId)).map(toJson),
  }));
  scope.delete<{ Params: { id: string } }>('/applications/:id', { onRequest }, async (request, reply) => {
    const id = z.uuid().safeParse(request.params.id.toLowerCase());
    if (!id.success) throw new NotFoundError('There is no application by that id in this tenant.');
    await issuer.revokeApplication(request.caller.tenantId, id.data);
    return reply.code(204).send();
  });
}

function toJson(row: ApplicationRow): Record<string, unknown> {
  return {
    clientId: row.id,
    displayName: row.displayName,
    permissions: row.permissions,
    createdDateTime: row.createdAt.toISOString(),
    revokedDateTime: row.revokedAt?.toISOString() ?? null,
  };
}
