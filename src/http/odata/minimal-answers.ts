import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { applyPreference, preferencesOf } from './prefer.ts';

const WRITES = new Set(['POST', 'PATCH', 'PUT']);
/** `https://host/v1.0/$metadata#education/users/$entity`: the context of one object of a set. */
const ONE_OBJECT = /^(.+)\/\$metadata#([A-Za-z/]+)(?:\([^)]*\))?\/\$entity$/;

/**
 * `Prefer: return=minimal` for every write of the scope that answers with the object it wrote: 204 without it, and for a new object its
 * address in Location and OData-EntityId (OData 4.01, 8.2.8.7 and 8.3.4). Other answers stay: what a start found is asked for.
 */
export function addMinimalAnswers(scope: FastifyInstance): void {
  scope.addHook('preSerialization', (request, reply, payload, next) => {
    if (WRITES.has(request.method) && reply.statusCode >= 200 && reply.statusCode < 300)
      applyReturn(request, reply, payload);
    next(null, payload);
  });
}

function applyReturn(request: FastifyRequest, reply: FastifyReply, payload: unknown): void {
  const wanted = preferencesOf(request).get('return')?.toLowerCase();
  if (wanted !== 'minimal' && wanted !== 'representation') return;
  const { '@odata.context': context, id } = payload as Record<string, unknown>;
  const [, root, set] = (typeof context === 'string' ? ONE_OBJECT.exec(context) : null) ?? [];
  if (root === undefined || set === undefined || typeof id !== 'string') return;
  applyPreference(reply, `return=${wanted}`);
  if (wanted === 'representation') return;
  // Fastify sends no body and no Content-Type with a 204.
  reply.code(204);
  if (request.method !== 'POST') return;
  const address = `${root}/${set}/${id}`;
  if (!reply.hasHeader('location')) reply.header('location', address);
  reply.header('odata-entityid', address);
}
