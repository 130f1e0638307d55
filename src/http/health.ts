import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';
import { asOwner } from '#storage/database.ts';
import { countUnfinishedRuns } from '#storage/runs/count-unfinished-runs.ts';
import type { HttpContext } from './context.ts';

/** /healthz: the process answers. /readyz: it can serve. /metrics: numbers for Prometheus. None holds anything of a tenant. */
export function registerHealth(server: FastifyInstance, context: HttpContext): void {
  const started = context.system.now();
  const requests = countRequests(server);
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  server.addHook('onClose', (_server, done) => {
    delay.disable();
    done();
  });

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
  server.get('/metrics', async (_request, reply) => {
    const memory = process.memoryUsage();
    const lines = [
      ...metric('process_resident_memory_bytes', 'gauge', 'Memory of the process.', memory.rss),
      ...metric('process_heap_bytes', 'gauge', 'JavaScript heap in use.', memory.heapUsed),
      ...metric(
        'process_start_time_seconds',
        'gauge',
        'When it started, since 1970.',
        started.getTime() / 1_000,
      ),
      ...metric('process_cpu_seconds_total', 'counter', 'CPU time, user and system.', cpuSeconds()),
      ...metric(
        'rollbook_event_loop_delay_p99_seconds',
        'gauge',
        'Delay of the event loop since the last reading, 99th percentile.',
        delay.percentile(99) / 1e9,
      ),
      ...metric(
        'rollbook_ready',
        'gauge',
        '1: ready to serve.',
        (await context.readiness.check()).length === 0 ? 1 : 0,
      ),
      '# HELP rollbook_http_requests_total Answered requests by method, route and status.',
      '# TYPE rollbook_http_requests_total counter',
      ...[...requests].map(([labels, { count }]) => `rollbook_http_requests_total{${labels}} ${count}`),
      '# HELP rollbook_http_request_seconds_total Time spent on them.',
      '# TYPE rollbook_http_request_seconds_total counter',
      ...[...requests].map(
        ([labels, { seconds }]) => `rollbook_http_request_seconds_total{${labels}} ${seconds.toFixed(6)}`,
      ),
    ];
    // Without a database the other numbers are wanted all the more.
    const runs = await asOwner(context.db, countUnfinishedRuns).catch(() => []);
    lines.push(
      '# HELP rollbook_runs Runs that are not at their end, by state.',
      '# TYPE rollbook_runs gauge',
      ...runs.map(({ state, runs: count }) => `rollbook_runs{state="${state}"} ${count}`),
    );
    delay.reset();
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(`${lines.join('\n')}\n`);
  });
}

/** By route pattern, so that their number is bounded and no id or name stands in them. */
function countRequests(server: FastifyInstance): ReadonlyMap<string, { count: number; seconds: number }> {
  const byLabels = new Map<string, { count: number; seconds: number }>();
  server.addHook('onResponse', (request, reply, done) => {
    const route = (request.routeOptions.url ?? '(none)').replaceAll('\\', '\\\\').replaceAll('"', '\\"');
    const labels = `method="${request.method}",route="${route}",status="${reply.statusCode}"`;
    const entry = byLabels.get(labels) ?? { count: 0, seconds: 0 };
    entry.count += 1;
    entry.seconds += reply.elapsedTime / 1_000;
    byLabels.set(labels, entry);
    done();
  });
  return byLabels;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function metric(name: string, type: 'gauge' | 'counter', help: string, value: number): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`];
}
