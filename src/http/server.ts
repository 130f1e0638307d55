import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { callerOf } from './auth/require-permission.ts';
import { baseUrlOf } from './base-url.ts';
import { addBodyParsers } from './body-parsers.ts';
import { answerClientError } from './client-error.ts';
import type { HttpContext } from './context.ts';
import { answerOf, sendError, type ErrorAnswer } from './errors.ts';
import { addGraphHeaders } from './odata/odata-version.ts';
import { limitBodyTime } from './limits/body-deadline.ts';
import { measureRequests } from './monitor/measure-requests.ts';
import { traceRequests } from './monitor/trace-requests.ts';
import { logRequests } from './request-log.ts';
import { clientRequestIdOf } from './request-id.ts';
import { rewriteUrl } from './rewrite-url.ts';
import { registerRoutes } from './register-routes.ts';
import { collectRoutes, type RouteTable } from './route-table.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Origin for links in the answer, without a slash at its end (base-url.ts). */
    readonly baseUrl: string;
  }
}

/** JSON bodies; uploads have limits of their own. */
const BODY_LIMIT_BYTES = 1024 * 1024;
/** A connection on which nothing moves is closed; longer than the longest answer takes. */
const IDLE_SECONDS = 120;

/** The whole HTTP interface, not yet listening. */
export function buildServer(context: HttpContext): FastifyInstance {
  const idleSeconds = Math.max(IDLE_SECONDS, context.settings.startWaitSeconds + 60);
  const log: FastifyBaseLogger = context.log;
  let table: RouteTable | undefined;
  const server = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => context.system.newId(),
    bodyLimit: BODY_LIMIT_BYTES,
    connectionTimeout: idleSeconds * 1_000,
    routerOptions: { maxParamLength: 1_024 },
    clientErrorHandler: (error, socket) => {
      answerClientError(error, socket, context.system);
    },
    frameworkErrors: (error, request, reply) => {
      void sendError(request, reply, context.system.now(), answerOf(error) ?? BUG);
    },
    rewriteUrl: (request) => rewriteUrl(request.url ?? '/', table?.graphSegments ?? new Map()),
  });
  table = collectRoutes(server);
  addBodyParsers(server);
  limitBodyTime(server);

  server.decorateRequest('caller', {
    getter() {
      return callerOf(this);
    },
  });
  server.decorateRequest('baseUrl', {
    getter() {
      return baseUrlOf(this, context.settings.publicUrl);
    },
  });
  logRequests(server, context);
  traceRequests(server, context);
  server.addHook('onRequest', async (request, reply) => {
    reply.header('request-id', request.id);
    reply.header('client-request-id', clientRequestIdOf(request));
    addGraphHeaders(request, reply);
    reply.header('x-content-type-options', 'nosniff');
    reply.header('cache-control', 'no-store');
    baseUrlOf(request, context.settings.publicUrl);
  });
  measureRequests(server, context);
  answerErrors(server, context, table);
  registerRoutes(server, context);
  return server;
}

const BUG: ErrorAnswer = {
  status: 500,
  code: 'generalException',
  message: 'Something went wrong in Rollbook. The log has the details under the request-id.',
};

function answerErrors(server: FastifyInstance, context: HttpContext, table: RouteTable): void {
  server.setErrorHandler((thrown, request, reply) => {
    const answer = answerOf(thrown);
    // A user's mistake is no error of ours: only what is answered with 5xx is logged as one.
    if (!request.raw.aborted) {
      if (answer === undefined) request.log.error({ err: thrown }, 'a request met a bug');
      else if (answer.status >= 500) request.log.error({ err: thrown }, 'a request could not be served');
    }
    return sendError(request, reply, context.system.now(), answer ?? BUG);
  });
  // Before the body is read: whoever is not known yet must not make the server wait for one, and keep what has come of it.
  server.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    const path = pathOf(request.url);
    const methods = table.methodsOf(path);
    return sendError(
      request,
      reply,
      context.system.now(),
      methods.length > 0 ? methodNotAllowed(methods) : notFound(path),
    );
  });
}

function notFound(path: string): ErrorAnswer {
  const message = `There is nothing at ${path.slice(0, 200)}. Check the address; paths begin with /v1.0, /beta or /api/v1.`;
  return { status: 404, code: 'Request_ResourceNotFound', message };
}

function methodNotAllowed(methods: readonly string[]): ErrorAnswer {
  const message = `Specified HTTP method is not allowed for the request target. It takes ${methods.join(', ')}.`;
  return { status: 405, code: 'Request_BadRequest', message, headers: { allow: methods.join(', ') } };
}

function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}
