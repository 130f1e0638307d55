import { readdir } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { RollbookMetrics } from '#core/telemetry/metric-table.ts';

/** How often the event loop is looked at. What is measured is the time between two looks. */
const RESOLUTION_MS = 10;

/** Memory, CPU, files and the event loop of this process. @returns what ends it. */
export function collectProcess(metrics: RollbookMetrics, startedAt: Date): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  metrics.set('process_start_time_seconds', {}, startedAt.getTime() / 1_000);
  let cpuSeconds = 0;
  metrics.beforeReading(() => {
    const lateSeconds = (nanoseconds: number): number =>
      Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1_000);
    metrics.set('rollbook_event_loop_delay_p99_seconds', {}, lateSeconds(delay.percentile(99)));
    metrics.set('rollbook_event_loop_delay_max_seconds', {}, delay.count === 0 ? 0 : lateSeconds(delay.max));
    delay.reset();
    const { rss, heapUsed, external } = process.memoryUsage();
    metrics.set('process_resident_memory_bytes', {}, rss);
    metrics.set('process_heap_bytes', {}, heapUsed);
    metrics.set('process_external_memory_bytes', {}, external);
    const { user, system } = process.cpuUsage();
    const now = (user + system) / 1e6;
    metrics.add('process_cpu_seconds_total', {}, now - cpuSeconds);
    cpuSeconds = now;
  });
  metrics.beforeReading(async () => {
    const files = await readdir('/proc/self/fd').catch(() => null);
    if (files !== null) metrics.set('process_open_fds', {}, files.length);
  });
  return () => {
    delay.disable();
  };
}
