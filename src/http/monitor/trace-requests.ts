import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Span } from '#lib/tracing.ts';
import type { HttpContext } from '../context.ts';

/** Asked all the time by machines; nobody looks for them in a trace. */
export const QUIET_ROUTES: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

const spans = new WeakMap<FastifyRequest, Span>();

/** A span per request, under its route's pattern: the URL holds signatures, names and filters with both. */
export function traceRequests(server: FastifyInstance, { telemetry: { tracing } }: HttpContext): void {
  server.addHook('onRequest', (request, reply, done) => {
    const route = request.routeOptions.url;
    if (route !== undefined && QUIET_ROUTES.has(route)) {
      done();
      return;
    }
    const { traceparent } = request.headers;
    const span = tracing.begin(`${request.method} ${route ?? '(none)'}`, {
      kind: 'server',
      attributes: {
        'http.request.method': request.method,
        'http.route': route,
        'rollbook.request.id': request.id,
      },
      traceparent: typeof traceparent === 'string' ? traceparent : undefined,
    });
    spans.set(request, span);
    // Also when the client goes away before the answer is out.
    reply.raw.once('close', () => {
      endSpan(request, reply.raw.writableFinished ? reply.statusCode : null);
    });
    tracing.within(span, done);
  });
  // What parses a body goes on from the connection, outside of the span.
  server.addHook('preValidation', (request, _reply, done) => {
    withinSpan(request, tracing.within, done);
  });
  server.addHook('onResponse', (request, reply, done) => {
    endSpan(request, reply.statusCode);
    done();
  });
}

/** The span of a request, for what it asks for and does not wait for. */
export function traceparentOf(request: FastifyRequest): string | undefined {
  return spans.get(request)?.traceparent;
}

/** Runs `work` in the span of a request, if it has one: for what is called from elsewhere. */
export function withinSpan(
  request: FastifyRequest,
  within: (span: Span, work: () => void) => void,
  work: () => void,
): void {
  const span = spans.get(request);
  if (span === undefined) work();
  else within(span, work);
}

function endSpan(request: FastifyRequest, status: number | null): void {
  const span = spans.get(request);
  if (span === undefined) return;
  spans.delete(request);
  if (status === null) {
    span.end('ClientGone');
    return;
  }
  span.set({ 'http.response.status_code': status });
  span.end(status >= 500 ? String(status) : undefined);
}
