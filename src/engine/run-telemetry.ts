import type { PlanCount } from '#core/plan/verdict.ts';
import { KINDS } from '#core/roster/kinds.ts';
import type { RunStage } from '#core/telemetry/metric-table.ts';
import { inSpan, type SpanAttributes } from '#lib/tracing.ts';
import type { StageResult } from '#sources/contract.ts';

import type { EngineContext } from './engine-context.ts';

/** One stage of a run: a span, and its seconds whatever came of it. */
export async function measured<T>(
  { telemetry }: Pick<EngineContext, 'telemetry'>,
  stage: RunStage,
  work: () => Promise<T>,
  attributes: SpanAttributes = {},
): Promise<T> {
  const startedMs = performance.now();
  try {
    return await inSpan(telemetry.tracing, `run ${stage}`, attributes, work);
  } finally {
    telemetry.metrics.observe(
      'rollbook_run_stage_seconds',
      { stage },
      (performance.now() - startedMs) / 1_000,
    );
  }
}

/** What the files held. */
export function countStaged({ telemetry }: Pick<EngineContext, 'telemetry'>, result: StageResult): void {
  for (const kind of KINDS)
    telemetry.metrics.add('rollbook_staged_records_total', { kind }, result.kinds[kind].records);
  const dropped = result.files.reduce((sum, { badRows }) => sum + badRows, 0);
  telemetry.metrics.add('rollbook_dropped_rows_total', {}, dropped);
}

/** What the plan would change. */
export function countPlanned(
  { telemetry }: Pick<EngineContext, 'telemetry'>,
  counts: readonly PlanCount[],
): void {
  for (const { kind, action, count } of counts)
    telemetry.metrics.add('rollbook_planned_items_total', { kind, action }, count);
}
