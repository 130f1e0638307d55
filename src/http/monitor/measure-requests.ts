import type { FastifyInstance } from 'fastify';
import type { HttpContext } from '../context.ts';

/** By route pattern, so that their number is bounded and no id or name stands in them. */
export function measureRequests(server: FastifyInstance, { telemetry: { metrics } }: HttpContext): void {
  server.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    const route = request.routeOptions.url ?? '(none)';
    const status = `${Math.floor(reply.statusCode / 100)}xx`;
    metrics.add('rollbook_http_requests_total', { method, route, status });
    metrics.observe('rollbook_http_request_seconds', { method, route }, reply.elapsedTime / 1_000);
    if (reply.statusCode === 429) metrics.add('rollbook_http_throttled_total', {});
    done();
  });
}
