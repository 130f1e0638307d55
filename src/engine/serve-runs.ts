import { pickRun } from '#core/run/fair-share.ts';
import { asOwner } from '#storage/database.ts';
import { findDueTenants } from '#storage/runs/due-runs.ts';

import type { EngineContext } from './engine-context.ts';
import { executeRun } from './run-executor.ts';

/**
 * What a wake-up does: executes one run, that of the tenant that is served least, whichever run the wake-up was for. There are
 * as many wake-ups as runs, so each run gets its turn; what a lost one leaves, the sweep finds.
 */
export function serveRuns(
  context: EngineContext,
  concurrency: number,
): (signal: AbortSignal) => Promise<void> {
  const slots = new Map<string, number>();
  const servedAt = new Map<string, number>();
  const taken = new Set<string>();

  return async (signal) => {
    const inVain = new Set<string>();
    while (!signal.aborted) {
      const tenants = await asOwner(context.db, findDueTenants);
      const share = { concurrency, slots, servedAt };
      // From here to the first await nothing comes in between: two wake-ups never pick the same run.
      const next = pickRun(tenants, share, (id) => inVain.has(id) || taken.has(id));
      if (next === null) return;
      const { tenantId, runId } = next;
      const before = servedAt.get(tenantId);
      servedAt.set(tenantId, context.system.now().getTime());
      slots.set(tenantId, (slots.get(tenantId) ?? 0) + 1);
      taken.add(runId);
      try {
        if ((await executeRun(context, tenantId, runId, signal)) === 'executed') return;
      } finally {
        taken.delete(runId);
        const left = (slots.get(tenantId) ?? 1) - 1;
        if (left > 0) slots.set(tenantId, left);
        else slots.delete(tenantId);
      }
      inVain.add(runId);
      // A run that waits or belongs to somebody else was no service to its tenant.
      if (before === undefined) servedAt.delete(tenantId);
      else servedAt.set(tenantId, before);
    }
  };
}
