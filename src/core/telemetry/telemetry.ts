import { openMetrics } from '#lib/metrics.ts';
import { NO_TRACING, type Tracing } from '#lib/tracing.ts';

import { METRICS, type RollbookMetrics } from './metric-table.ts';

/** Where the parts of a process leave their numbers and their traces. Never a value of somebody's data. */
export interface Telemetry {
  readonly metrics: RollbookMetrics;
  readonly tracing: Tracing;
}

/** Numbers of their own, and no traces unless given. */
export function openTelemetry(tracing: Tracing = NO_TRACING): Telemetry {
  return { metrics: openMetrics(METRICS), tracing };
}
