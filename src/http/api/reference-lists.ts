import type { FastifyInstance } from 'fastify';
import * as z from 'zod';

import { READ_PROFILES, WRITE_PROFILES } from '#core/permissions.ts';
import {
  getReferenceList,
  getReferenceLists,
  putReferenceValue,
  removeReferenceValue,
} from '#engine/reference-lists.ts';

import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { actorOf } from '../graph/profiles/profile-route.ts';

export const valueChange = z.strictObject({
  title: z.string().exactOptional(),
  enabled: z.boolean().exactOptional(),
});

/**
 * /api/v1/referenceLists: GET; /{list}: GET; /{list}/values/{code}: PUT `{title}` of a value of the tenant's own, PUT `{enabled}` of one of the
 * list, DELETE of an own one.
 */
export function registerReferenceLists(scope: FastifyInstance, context: HttpContext): void {
  const mayRead = { onRequest: requirePermission(context, READ_PROFILES) };
  const mayWrite = { onRequest: requirePermission(context, WRITE_PROFILES) };

  scope.get('/referenceLists', mayRead, async (request) => ({
    value: await getReferenceLists(context, request.caller.tenantId),
  }));
  scope.get('/referenceLists/:list', mayRead, async (request) =>
    getReferenceList(context, request.caller.tenantId, paramOf(request.params, 'list')),
  );
  scope.put('/referenceLists/:list/values/:code', mayWrite, async (request, reply) => {
    const { value, created } = await putReferenceValue(
      context,
      actorOf(request),
      paramOf(request.params, 'list'),
      paramOf(request.params, 'code'),
      valueChange.parse(request.body ?? {}),
    );
    return reply.code(created ? 201 : 200).send(value);
  });
  scope.delete('/referenceLists/:list/values/:code', mayWrite, async (request, reply) => {
    const { tenantId } = request.caller;
    await removeReferenceValue(
      context,
      tenantId,
      paramOf(request.params, 'list'),
      paramOf(request.params, 'code'),
    );
    return reply.code(204).send();
  });
}

function paramOf(params: unknown, name: 'list' | 'code'): string {
  return (params as Readonly<Record<string, string>>)[name] ?? '';
}
