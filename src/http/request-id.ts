import type { FastifyRequest } from 'fastify';

/** The id that the client gave its request, to be sent back; without a usable one, our own (as Graph does). */
export function clientRequestIdOf(request: FastifyRequest): string {
  const sent = request.headers['client-request-id'];
  return typeof sent === 'string' && /^[\x21-\x7E]{1,128}$/.test(sent) ? sent : request.id;
}
