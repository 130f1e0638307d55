import type { FastifyInstance, FastifyRequest } from 'fastify';

import { READ_PROFILES, WRITE_PROFILES } from '#core/permissions.ts';
import type { Actor } from '#engine/profiles/profile-context.ts';
import { InvalidRequestError } from '#lib/errors.ts';

import { requirePermission, type Guard } from '../../auth/require-permission.ts';
import type { HttpContext } from '../../context.ts';
import { traceparentOf } from '../../monitor/trace-requests.ts';

export const PROFILES = '/education/synchronizationProfiles';

/** What counting profiles, or errors of one, takes. */
export const COUNT_OPTIONS = ['$filter', '$search'] as const;

/** What every operation on profiles is registered with. */
export interface ProfileRoutes {
  /** The scope of /beta. */
  readonly scope: FastifyInstance;
  readonly context: HttpContext;
  readonly mayRead: Guard;
  readonly mayWrite: Guard;
}

export function profileRoutes(scope: FastifyInstance, context: HttpContext): ProfileRoutes {
  return {
    scope,
    context,
    mayRead: requirePermission(context, READ_PROFILES),
    mayWrite: requirePermission(context, WRITE_PROFILES),
  };
}

export function profileIdOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}

export function actorOf(request: FastifyRequest): Actor {
  const { tenantId, applicationId } = request.caller;
  return { tenantId, applicationId, traceparent: traceparentOf(request) };
}

/** `https://host/beta/$metadata#education/synchronizationProfiles…`. */
export function contextOf(request: FastifyRequest, rest = ''): string {
  return `${metadataOf(request)}#education/synchronizationProfiles${rest}`;
}

export function metadataOf(request: FastifyRequest): string {
  return `${request.baseUrl}/beta/$metadata`;
}

/** Actions take no parameters: nothing, or an empty object. Errors: InvalidRequestError that names what was sent. */
export function refuseParameters(body: unknown): void {
  if (body === undefined || body === null) return;
  if (typeof body !== 'object' || Array.isArray(body))
    throw new InvalidRequestError('This action takes no parameters. Send no body, or {}.');
  const property = Object.keys(body).find((name) => !name.includes('@odata.'));
  if (property !== undefined)
    throw new InvalidRequestError(
      `${property}: There is no such parameter; this action takes none. Send no body, or {}.`,
      property,
    );
}
