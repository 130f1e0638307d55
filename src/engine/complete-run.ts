import type { RunState } from '#core/run/run-state.ts';
import { inTenant } from '#storage/database.ts';
import { countFailures, readPlanSize } from '#storage/plan/plan-rows.ts';
import { readGeneration } from '#storage/runs/batch-fence.ts';
import { markSynchronized, replaceRecordErrors } from '#storage/runs/finish-run.ts';
import { transitionRun } from '#storage/runs/transition-run.ts';

import type { EngineContext } from './engine-context.ts';
import type { RunScope } from './run-scope.ts';

/** The snapshot the stage prepared, as if every item were applied. */
export interface PreparedSnapshot {
  /** Makes it the snapshot of that generation. */
  promote(generation: number): Promise<void>;
  discard(): Promise<void>;
}

/**
 * The last item is in the directory or has its failure: the run is complete. What failed is an open error of the profile.
 * The snapshot is promoted only if everything went in: otherwise it is rebuilt from the directory, so that what failed is met again.
 */
export async function completeRun(
  context: EngineContext,
  { run, tenantId, progress }: RunScope,
  snapshot: PreparedSnapshot | null,
): Promise<RunState> {
  const ended = await inTenant(context.db, tenantId, async (tx) => {
    const items = await readPlanSize(tx, run.id);
    // The profile row first: every command locks it before its runs.
    await markSynchronized(tx, run.profileId, items > 0);
    const failures = await countFailures(tx, run.id);
    const errors = await replaceRecordErrors(tx, run.profileId, run.id);
    const generation = await readGeneration(tx, run.sourceSystemId);
    const state = await transitionRun(tx, {
      runId: run.id,
      epoch: run.epoch,
      from: 'applying',
      event: 'appliedAll',
      actor: context.worker,
      eventId: context.system.newId(),
      detail: { items, failures, errors },
      changes: { release: true, finished: true, message: null, errorCode: null },
    });
    return { state, failures, generation };
  });
  progress.report({ stage: 'done', percent: 100 });
  await progress.flush();
  if (snapshot !== null) {
    if (ended.failures.all === 0) await snapshot.promote(ended.generation);
    else await snapshot.discard();
  }
  return ended.state;
}
