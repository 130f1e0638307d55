import type { Logger } from 'pino';

import type { Settings } from '#core/settings.ts';
import type { Telemetry } from '#core/telemetry/telemetry.ts';
import type { SlowStatementOptions } from '#storage/monitor/slow-statements.ts';

/** What SLOW_STATEMENT_MS asks for. */
export function slowStatementsOf(
  { slowStatementMs }: Settings,
  log: Logger,
  { metrics }: Telemetry,
): SlowStatementOptions | undefined {
  if (slowStatementMs === 0) return undefined;
  return {
    thresholdMs: slowStatementMs,
    onSlow(slow) {
      metrics.add('rollbook_slow_statements_total', {});
      log.warn(slow, 'a statement of the database took long');
    },
  };
}
