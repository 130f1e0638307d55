import type { Tx } from '#storage/database.ts';
import { readPlanCounts, recountFailures } from '#storage/plan/count-plan.ts';
import { readRunCounts } from '#storage/runs/read-runs.ts';

import { withPlannedCounts } from './run-counts.ts';

/** run.counts where the run did something else than its plan said: the directory refused items, or more was released. Empty: they stay. */
export async function appliedCounts(
  tx: Tx,
  run: { readonly id: string; readonly applyPass: number },
  failures: { readonly all: number },
): Promise<{ counts?: unknown }> {
  const refused = failures.all > 0 && (await recountFailures(tx, run.id));
  if (!refused && run.applyPass === 1) return {};
  return { counts: withPlannedCounts(await readRunCounts(tx, run.id), await readPlanCounts(tx, run.id)) };
}
