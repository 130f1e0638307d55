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
/** What each guard asks for; null: nothing. */
const guards = new WeakMap<object, Requirement | null>();

export type Guard = (this: unknown, request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/**
 * A hook for `onRequest`, so that nobody unknown gets a body parsed: verifies the bearer token, sets `request.caller`, and
 * asks for one of the permissions; each request counts against the limit of its application. Errors: UnauthenticatedError (401),
 * TooManyRequestsError (429), ForbiddenError (403).
 */
export function requirePermission(
  context: Pick<HttpContext, 'tokens' | 'applicationLimit'>,
  requirement: Requirement,
): Guard {
  return guardOf(requirement, async (request, reply) => {
    const caller = await identify(context, request, reply);
    context.applicationLimit?.take(caller);
    if (!isAllowed(caller, requirement)) throw new ForbiddenError(refusalOf(caller, requirement));
  });
}

/**
 * Whether the caller of an answer that goes on for long would still be let in, with the token that the request came with. What cannot be told
 * at the moment (a database or an issuer that does not answer) ends nothing.
 */
export async function isStillAllowed(
  { tokens }: Pick<HttpContext, 'tokens'>,
  request: FastifyRequest,
  requirement: Requirement,
): Promise<boolean> {
  try {
    return isAllowed(await tokens.verify(bearerTokenOf(request)), requirement);
  } catch (error) {
    return !(error instanceof UnauthenticatedError);
  }
}

/** A hook that asks for a valid token and no permission, and counts as no request: what is done in its name asks and counts itself. */
export function requireToken(context: Pick<HttpContext, 'tokens'>): Guard {
  return guardOf(null, async (request, reply) => {
    await identify(context, request, reply);
  });
}

/** A hook that says: this route is open to everybody, on purpose. */
export const openToAll: Guard = guardOf(null, () => Promise.resolve());

async function identify(
  { tokens }: Pick<HttpContext, 'tokens'>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Caller> {
  try {
    const caller = await tokens.verify(bearerTokenOf(request));
    callers.set(request, caller);
    return caller;
  } catch (error) {
    if (error instanceof UnauthenticatedError)
      reply.header('www-authenticate', challengeOf(error, request.baseUrl, tokens.challenge?.()));
    throw error;
  }
}

function guardOf(requirement: Requirement | null, guard: Guard): Guard {
  guards.set(guard, requirement);
  return guard;
}

/** Whether a hook is one of this file. */
export function isGuard(hook: unknown): boolean {
  return typeof hook === 'function' && guards.has(hook);
}

/** The permission that the guard among these hooks asks for; null: none. */
export function requirementOf(hooks: readonly unknown[]): Requirement | null {
  const guard = hooks.find((hook): hook is object => isGuard(hook));
  return guard === undefined ? null : (guards.get(guard) ?? null);
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
