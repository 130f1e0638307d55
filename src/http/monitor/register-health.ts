import type { FastifyInstance } from 'fastify';
import type { HttpContext } from '../context.ts';
import { METRICS_TYPE, refuseReader } from './metrics-reader.ts';

/** /healthz: the process answers. /readyz: it can serve. /metrics: numbers for Prometheus. None holds anything of a tenant. */
export function registerHealth(server: FastifyInstance, context: HttpContext): void {
  server.get('/healthz', () => ({ status: 'ok', version: context.settings.version }));
  server.get('/readyz', async (_request, reply) => {
    const problems = await context.readiness.check();
    const notes = context.readiness.notes?.() ?? [];
    return reply.code(problems.length === 0 ? 200 : 503).send({
      status: problems.length === 0 ? 'ready' : 'unavailable',
      ...(problems.length === 0 ? {} : { problems }),
      ...(notes.length === 0 ? {} : { notes }),
    });
  });
  server.get('/metrics', async (request, reply) => {
    const refusal = refuseReader(request.raw, context.settings.metricsToken);
    if (refusal !== null) {
      if (refusal.status === 401) reply.header('www-authenticate', 'Bearer');
      return reply.code(refusal.status).type('text/plain; charset=utf-8').send(`${refusal.message}\n`);
    }
    return reply.type(METRICS_TYPE).send(await context.telemetry.metrics.read());
  });
}
