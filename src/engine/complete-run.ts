import type { RunState } from '#core/run/run-state.ts';
import { messageOf } from '#lib/errors.ts';
import { inTenant } from '#storage/database.ts';
import { refreshStatistics } from '#storage/directory/refresh-statistics.ts';
import { countFailures, readPlanSize } from '#storage/plan/plan-rows.ts';
import { readAppliedGeneration } from '#storage/runs/batch-fence.ts';
import { markSynchronized, replaceRecordErrors } from '#storage/runs/finish-run.ts';
import { preparedSnapshot } from '#sources/snapshot/prepared-snapshot.ts';
import { transitionRun } from '#storage/runs/transition-run.ts';

import type { EngineContext } from './engine-context.ts';
import { tellCompleted } from './notices/tell-run.ts';
import type { RunScope } from './run-scope.ts';

/** From so many items on the planner should know at once how large the tables have become. */
const STATISTICS_ITEMS = 10_000;

/**
 * The last item is in the directory or has its failure: the run is complete. What failed is an open error of the profile.
 * The snapshot is promoted only if everything went in: otherwise it is rebuilt from the directory, so that what failed is met again.
 */
export async function completeRun(
  context: EngineContext,
  { run, tenantId, progress }: RunScope,
  timings: Readonly<Record<string, number>>,
): Promise<RunState> {
  const { items, failures, generation } = await inTenant(context.db, tenantId, async (tx) => ({
    items: await readPlanSize(tx, run.id),
    failures: await countFailures(tx, run.id),
    generation: await readAppliedGeneration(tx, {
      runId: run.id,
      epoch: run.epoch,
      sourceSystemId: run.sourceSystemId,
    }),
  }));
  // Every batch is committed, so the snapshot is right already; a sync that starts the moment this one is complete finds it.
  const snapshot = preparedSnapshot(
    { directory: context.snapshotsDirectory, tenantId, sourceSystemId: run.sourceSystemId },
    run.id,
  );
  await (failures.all === 0 ? snapshot.promote(generation) : snapshot.discard()).catch((error: unknown) => {
    context.log.warn(
      { runId: run.id, error: messageOf(error) },
      'the snapshot could not be stored; the next run compares with the directory',
    );
  });
  progress.report({ stage: 'done', percent: 100 });
  await progress.flush();
  const state = await inTenant(context.db, tenantId, async (tx) => {
    // The profile row first: every command locks it before its runs.
    await markSynchronized(tx, run.profileId, items > 0);
    const errors = await replaceRecordErrors(tx, run.profileId, run.id);
    await tellCompleted(tx, context, run, errors);
    return transitionRun(tx, {
      runId: run.id,
      epoch: run.epoch,
      from: 'applying',
      event: 'appliedAll',
      actor: context.worker,
      eventId: context.system.newId(),
      detail: { items, failures, errors },
      changes: { release: true, finished: true, message: null, errorCode: null, timings },
    });
  });
  if (items >= STATISTICS_ITEMS) {
    await refreshStatistics(context.db).catch((error: unknown) => {
      context.log.warn({ runId: run.id, error: String(error) }, 'statistics could not be refreshed');
    });
  }
  return state;
}
