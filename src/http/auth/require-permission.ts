import type { FastifyReply, FastifyRequest } from 'fastify';
import { ForbiddenError, UnauthenticatedError } from '#access/access-errors.ts';
import { refusalOf } from '#core/permission-refusal.ts';
import { isAllowed, type Caller, type Requirement } from '#core/permissions.ts';
import { must } from '#lib/assert.ts';
import type { HttpContext } from '../context.ts';
import { challengeOf } from './challenge.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls. Only on routes with requirePermission; a bug elsewhere. */
    readonly caller: Caller;
  }
}

const callers = new WeakMap<FastifyRequest, Caller>();
const guards = new WeakSet<object>();

export type Guard = (this: unknown, request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/**
 * A hook for `onRequest`, so that nobody unknown gets a body parsed: verifies the bearer token, sets `request.caller`, and
 * asks for one of the permissions. Errors: UnauthenticatedError (401), ForbiddenError (403).
 */
export function requirePermission(context: Pick<HttpContext, 'tokens'>, requirement: Requirement): Guard {
  const guard: Guard = async (request, reply) => {
    const caller = await identify(context, request, reply);
    callers.set(request, caller);
    if (!isAllowed(caller, requirement)) throw new ForbiddenError(refusalOf(caller, requirement));
  };
  guards.add(guard);
  return guard;
}

async function identify(
  { tokens }: Pick<HttpContext, 'tokens'>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Caller> {
  try {
    return await tokens.verify(bearerTokenOf(request));
  } catch (error) {
    if (error instanceof UnauthenticatedError)
      reply.header('www-authenticate', challengeOf(error, request.baseUrl, tokens.challenge?.()));
    throw error;
  }
}

/** Whether a hook is one that requirePermission made. */
export function isGuard(hook: unknown): boolean {
  return typeof hook === 'function' && guards.has(hook);
}

/** The caller of a request that requirePermission let pass. */
export function callerOf(request: FastifyRequest): Caller {
  return must(callers.get(request), 'a route without requirePermission asked for its caller');
}

/** The caller if the request got that far; for logs. */
export function findCaller(request: FastifyRequest): Caller | undefined {
  return callers.get(request);
}

function bearerTokenOf(request: FastifyRequest): string {
  const { authorization } = request.headers;
  if (authorization === undefined || authorization === '') {
    throw new UnauthenticatedError('Access token is empty.', false);
  }
  const token = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization)?.[1];
  if (token === undefined)
    throw new UnauthenticatedError('The Authorization header is not "Bearer" and a token.');
  return token;
}
