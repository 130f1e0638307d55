import type { FastifyInstance } from 'fastify';
import { findCaller } from './auth/require-permission.ts';
import { currentBatchItem } from './batch/batch-item.ts';
import type { HttpContext } from './context.ts';
import { QUIET_ROUTES, withinSpan } from './monitor/trace-requests.ts';

/**
 * One line per answered request: the route's pattern in place of the URL, since URLs hold signatures, names and filters with
 * both.
 */
export function logRequests(server: FastifyInstance, { telemetry: { tracing } }: HttpContext): void {
  server.addHook('onResponse', (request, reply, next) => {
    const route = request.routeOptions.url;
    const caller = findCaller(request);
    const batch = currentBatchItem();
    const fields = {
      method: request.method,
      route: route ?? '(none)',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      ...(batch === undefined ? {} : { batchRequestId: batch.batchRequestId }),
      ...(caller === undefined ? {} : { tenantId: caller.tenantId, applicationId: caller.applicationId }),
    };
    withinSpan(request, tracing.within, () => {
      if (route !== undefined && QUIET_ROUTES.has(route)) request.log.debug(fields, 'request');
      else request.log.info(fields, 'request');
    });
    next();
  });
}
