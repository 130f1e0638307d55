import type { FastifyReply, FastifyRequest } from 'fastify';
import { InvalidRequestError } from '#lib/errors.ts';

/** Names no data centre and no machine: it is there for clients that look for it. */
const DIAGNOSTIC = JSON.stringify({ ServerInfo: { RoleInstance: 'rollbook' } });

/** What every answer under /v1.0 and /beta has, errors and unknown addresses too. */
export function addGraphHeaders(request: FastifyRequest, reply: FastifyReply): void {
  if (!/^\/(?:v1\.0|beta)(?:[/?]|$)/.test(request.url)) return;
  reply.header('OData-Version', '4.0').header('x-ms-ags-diagnostic', DIAGNOSTIC);
}

/**
 * Refuses clients that speak an older OData only: answers are those of 4.0, and a body is read as one. Errors: InvalidRequestError.
 */
export function checkODataVersion(request: FastifyRequest): void {
  for (const name of ['OData-Version', 'OData-MaxVersion']) {
    const sent = request.headers[name.toLowerCase()];
    if (sent === undefined) continue;
    // Microsoft's OData clients for .NET say `4.0;NetFx`.
    const version = /^\s*(\d{1,3})(?:\.\d{1,3})?\s*(?:;|$)/.exec(String(sent))?.[1];
    if (version === undefined || Number(version) < 4)
      throw new InvalidRequestError(
        `${name}: This service speaks OData 4.0. Send 4.0, or leave the header out.`,
        name,
      );
  }
}
