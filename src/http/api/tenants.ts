import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Issuer } from '#access/issuer.ts';
import { APPLICATION_PERMISSIONS, MANAGE_SYSTEM } from '#core/permissions.ts';
import { createTenant } from '#storage/tenants/create-tenant.ts';
import { listTenants } from '#storage/tenants/find-tenants.ts';
import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';

export const newTenant = z.strictObject({
  name: z.string().min(1).max(256),
  timeZone: z.string().max(64).default('UTC'),
});

/** Tenants, for the administrator of the whole installation. Each new one gets an administrator application of its own. */
export function registerTenants(scope: FastifyInstance, context: HttpContext, issuer: Issuer): void {
  const onRequest = requirePermission(context, MANAGE_SYSTEM);
  scope.post('/tenants', { onRequest }, async (request, reply) => {
    const input = newTenant.parse(request.body ?? {});
    const id = context.system.newId();
    await createTenant(context.db, { id, ...input }, context.secretBox);
    const administrator = await issuer.createApplication(id, {
      actor: request.caller.applicationId,
      displayName: 'Administrator',
      permissions: Object.keys(APPLICATION_PERMISSIONS).filter((name) => name !== 'Rollbook.System.Manage'),
    });
    return reply.code(201).send({
      tenantId: id,
      name: input.name.trim(),
      timeZone: input.timeZone,
      clientId: administrator.id,
      clientSecret: administrator.clientSecret,
    });
  });
  scope.get('/tenants', { onRequest }, async () => ({
    value: (await listTenants(context.db)).map((tenant) => ({
      tenantId: tenant.id,
      name: tenant.name,
      timeZone: tenant.timeZone,
      createdDateTime: tenant.createdAt.toISOString(),
    })),
  }));
}
