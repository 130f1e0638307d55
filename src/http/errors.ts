import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  ForbiddenError,
  IssuerUnavailableError,
  TooManyRequestsError,
  UnauthenticatedError,
} from '#access/access-errors.ts';
import { ConflictError, InvalidRequestError, NotFoundError, OperationalError } from '#lib/errors.ts';
import { databaseErrorOf, isSchemaNewer } from '#storage/database-errors.ts';
import { addGraphHeaders } from './odata/odata-version.ts';
import { clientRequestIdOf } from './request-id.ts';

/** What a request that failed is answered with. */
export interface ErrorAnswer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** The property or parameter at fault. */
  readonly target?: string;
  readonly details?: readonly ErrorDetail[];
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ErrorDetail {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
}

/** Operational errors that have no class of their own: Graph's codes. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  BadRequest: 400,
  Request_BadRequest: 400,
  Request_UnsupportedQuery: 400,
  InvalidAuthenticationToken: 401,
  Authorization_RequestDenied: 403,
  Request_ResourceNotFound: 404,
  Conflict: 409,
  syncStateNotFound: 410,
  resyncRequired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  NotImplemented: 501,
};

/** What Fastify refuses by itself, in words for a client. Other 4xx of Fastify keep their own message. */
const FASTIFY_MESSAGES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'The request body is too large.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'The body has to be JSON: send it with Content-Type: application/json.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The request body is shorter or longer than Content-Length says.',
  FST_ERR_BAD_URL: 'The URL is not valid: it holds a percent sign that no two hexadecimal digits follow.',
  FST_ERR_MAX_PARAM_LENGTH: 'A segment of the URL is too long.',
};

/** What to answer to what was thrown; undefined: a bug, answered with 500 and logged. */
export function answerOf(thrown: unknown): ErrorAnswer | undefined {
  // Its WWW-Authenticate is set where the token was read: auth/challenge.ts.
  if (thrown instanceof UnauthenticatedError)
    return { status: 401, code: thrown.code, message: thrown.message };
  if (thrown instanceof ForbiddenError) return { status: 403, code: thrown.code, message: thrown.message };
  if (thrown instanceof TooManyRequestsError) {
    const headers = { 'retry-after': String(thrown.retryAfterSeconds) };
    return { status: 429, code: thrown.code, message: thrown.message, headers };
  }
  if (thrown instanceof IssuerUnavailableError) {
    const headers = { 'retry-after': String(thrown.retryAfterSeconds) };
    return { status: 503, code: thrown.code, message: thrown.message, headers };
  }
  if (thrown instanceof InvalidRequestError) {
    const { code, message, target } = thrown;
    return { status: 400, code, message, ...(target === undefined ? {} : { target }) };
  }
  if (thrown instanceof NotFoundError) return { status: 404, code: thrown.code, message: thrown.message };
  if (thrown instanceof ConflictError) return { status: 409, code: thrown.code, message: thrown.message };
  if (thrown instanceof OperationalError) return operational(thrown);
  if (thrown instanceof z.ZodError) return invalid(thrown);
  if (isSchemaNewer(thrown))
    return notAvailable('A newer version of Rollbook is taking over. Try again in a few seconds.');
  if (isDatabaseFull(thrown))
    return notAvailable('The database takes no more connections at the moment. Try again in a few seconds.');
  if (isDatabaseAway(thrown))
    return notAvailable('The database does not answer at the moment. Try again in a few seconds.');
  return refusedByFastify(thrown);
}

function operational(error: OperationalError): ErrorAnswer {
  const { code, message } = error;
  const status = STATUS_BY_CODE[code];
  if (status !== undefined) return { status, code, message };
  if (error.retry === 'retry') return { status: 503, code, message, headers: { 'retry-after': '5' } };
  return { status: 500, code, message };
}

function invalid(error: z.ZodError): ErrorAnswer {
  const details = error.issues.map((issue) => {
    const target = propertyPath(issue.path);
    const message = target === '' ? issue.message : `${target}: ${issue.message}`;
    return { code: 'BadRequest', message, ...(target === '' ? {} : { target }) };
  });
  const [first = { message: 'The request is not valid.' }] = details;
  const answer = { status: 400, code: 'BadRequest', ...first };
  return details.length > 1 ? { ...answer, details: details.slice(0, 20) } : answer;
}

/** `identity.userDomains[0].name` */
export function propertyPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : index === 0 ? String(part) : `.${String(part)}`,
    )
    .join('');
}

/** The database is starting, stopping or unreachable, or two transactions met: later it works. */
function isDatabaseAway(thrown: unknown): boolean {
  const refusal = databaseErrorOf(thrown);
  if (refusal !== null) {
    return refusal.blame === 'conflict' || /^(08|53|57P)/.test(refusal.sqlState);
  }
  if (!(thrown instanceof Error)) return false;
  const code = 'code' in thrown ? String(thrown.code) : '';
  return ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT'].includes(code) && 'syscall' in thrown
    ? thrown.syscall === 'connect' || thrown.syscall === 'read' || thrown.syscall === 'write'
    : /^(Connection terminated|timeout exceeded when trying to connect)/.test(thrown.message);
}

function isDatabaseFull(thrown: unknown): boolean {
  return databaseErrorOf(thrown)?.sqlState === '53300';
}

function notAvailable(message: string): ErrorAnswer {
  return { status: 503, code: 'serviceNotAvailable', message, headers: { 'retry-after': '5' } };
}

function refusedByFastify(thrown: unknown): ErrorAnswer | undefined {
  if (!(thrown instanceof Error) || !('statusCode' in thrown)) return undefined;
  const status = Number(thrown.statusCode);
  if (!Number.isInteger(status) || status < 400 || status > 499) return undefined;
  const code = 'code' in thrown ? String(thrown.code) : '';
  const graphCode = Object.entries(STATUS_BY_CODE).find(([, known]) => known === status)?.[0];
  return { status, code: graphCode ?? 'BadRequest', message: FASTIFY_MESSAGES[code] ?? thrown.message };
}

/** Sends an error in Graph's envelope. */
export function sendError(
  request: FastifyRequest,
  reply: FastifyReply,
  now: Date,
  answer: ErrorAnswer,
): FastifyReply {
  for (const [name, value] of Object.entries(answer.headers ?? {})) reply.header(name, value);
  // Here too: a URL that is none gets past no hook.
  addGraphHeaders(request, reply);
  reply.header('request-id', request.id).header('client-request-id', clientRequestIdOf(request));
  return reply
    .code(answer.status)
    .type('application/json')
    .send(errorEnvelope(answer, now, request.id, clientRequestIdOf(request)));
}

/** `date` has no zone suffix. */
export function errorEnvelope(
  answer: Pick<ErrorAnswer, 'code' | 'message' | 'target' | 'details'>,
  now: Date,
  requestId: string,
  clientRequestId: string,
): Record<string, unknown> {
  const { code, message, target, details } = answer;
  return {
    error: {
      code,
      message,
      ...(target === undefined ? {} : { target }),
      ...(details === undefined ? {} : { details }),
      innerError: {
        date: now.toISOString().slice(0, 19),
        'request-id': requestId,
        'client-request-id': clientRequestId,
      },
    },
  };
}
