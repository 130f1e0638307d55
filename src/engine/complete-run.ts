import { describeHeldParts, describeRejectedParts } from '#core/plan/held-parts.ts';
import type { RunState } from '#core/run/run-state.ts';
import { inTenant } from '#storage/database.ts';
import { isOpen, type PlanHold, readHolds } from '#storage/plan/plan-holds.ts';
import { settleEscrow } from '#storage/escrow/settle-escrow.ts';
import { countFailures, readPlanSize } from '#storage/plan/plan-rows.ts';
import { lockQuarantineState } from '#storage/profiles/quarantine.ts';
import { readAppliedGeneration } from '#storage/runs/batch-fence.ts';
import { markSynchronized, replaceRecordErrors } from '#storage/runs/finish-run.ts';
import { preparedSnapshot } from '#sources/snapshot/prepared-snapshot.ts';
import { saveProgress } from '#storage/runs/lease-run.ts';
import { countRecordsRead } from '#storage/runs/read-runs.ts';
import { transitionRun } from '#storage/runs/transition-run.ts';

import { appliedCounts } from './applied-counts.ts';
import type { EngineContext } from './engine-context.ts';
import { reportDropped } from './escrow/report-dropped.ts';
import { tellCompleted, tellHeld } from './notices/tell-run.ts';
import { judgeCompletedRun } from './quarantine.ts';
import { refreshAfterLoad, STATISTICS_ITEMS } from './refresh-after-load.ts';
import { COMPLETE } from './run-progress.ts';
import { isRetry, type RunScope } from './run-scope.ts';

/**
 * From so large a part of the roster on, the planner should know at once how large the tables have become. Of a day's changes PostgreSQL learns by itself: looking at
 * the tables of a state takes it as long as a third of such a sync.
 */
const STATISTICS_PART = 0.1;

/**
 * The last item of this pass is in the directory or has its failure: the run is complete, or, where parts of its plan were set aside,
 * held until somebody decides about them. What failed is an open error of the profile.
 * The snapshot is promoted only if everything went in: otherwise it is rebuilt from the directory, so that what is missing is met again.
 */
export async function completeRun(
  context: EngineContext,
  { run, tenantId, progress }: RunScope,
  timings: Readonly<Record<string, number>>,
): Promise<RunState> {
  const { items, records, holds, failures, generation } = await inTenant(
    context.db,
    tenantId,
    async (tx) => ({
      items: await readPlanSize(tx, run.id),
      records: await countRecordsRead(tx, run.id),
      holds: await readHolds(tx, run.id),
      failures: await countFailures(tx, run.id),
      generation: await readAppliedGeneration(tx, {
        runId: run.id,
        epoch: run.epoch,
        sourceSystemId: run.sourceSystemId,
      }),
    }),
  );
  // Every batch is committed, so the snapshot is right already; a sync that starts the moment this one is complete finds it.
  const snapshot = preparedSnapshot(
    { directory: context.snapshotsDirectory, tenantId, sourceSystemId: run.sourceSystemId },
    run.id,
  );
  const retry = isRetry(run);
  // A retry looked at a part of the roster only: what its stage prepared says more than is in the directory.
  const complete = failures.all === 0 && holds.length === 0 && !retry;
  await (complete ? snapshot.promote(generation) : snapshot.discard()).catch((error: unknown) => {
    context.log.warn(
      { runId: run.id, err: error },
      'the snapshot could not be stored; the next run compares with the directory',
    );
  });
  const open = holds.filter(isOpen);
  const message = messageOfHolds(holds, items);
  await progress.flush();
  const state = await inTenant(context.db, tenantId, async (tx) => {
    // The profile row first: every command locks it before its runs.
    const before = await lockQuarantineState(tx, run.profileId);
    await markSynchronized(tx, run.profileId, items > 0 && !retry);
    const escrow = await settleEscrow(tx, { profileId: run.profileId, runId: run.id, retry });
    const errors = await replaceRecordErrors(tx, run.profileId, run.id, retry);
    await reportDropped(tx, context, { profileId: run.profileId, dropped: escrow.dropped });
    const judged = { profileId: run.profileId, runId: run.id, before, escrow };
    const quarantine = await judgeCompletedRun(tx, context, judged);
    if (open.length > 0)
      await tellHeld(
        tx,
        context,
        run,
        'PartHeld',
        open.flatMap(({ reasons }) => [...reasons]),
        message ?? '',
      );
    else if (quarantine === null) await tellCompleted(tx, context, run, errors);
    if (open.length === 0) await saveProgress(tx, run.id, run.epoch, COMPLETE);
    const counts = await appliedCounts(tx, run, failures);
    return transitionRun(tx, {
      runId: run.id,
      epoch: run.epoch,
      from: 'applying',
      event: open.length > 0 ? 'partApplied' : 'appliedAll',
      actor: context.worker,
      eventId: context.system.newId(),
      detail: { items, failures, errors, waiting: open.map(({ scope, id }) => ({ scope, id })) },
      changes: {
        release: true,
        finished: open.length === 0,
        errorCode: open.length > 0 ? 'PartHeld' : null,
        message,
        ...(run.applyPass === 1 ? { timings } : {}),
        ...counts,
      },
    });
  });
  if (items >= Math.max(STATISTICS_ITEMS, STATISTICS_PART * records)) await refreshAfterLoad(context, run.id);
  return state;
}

function messageOfHolds(holds: readonly PlanHold[], items: number): string | null {
  const open = holds.filter(isOpen);
  const held = open.reduce((sum, { itemCount }) => sum + itemCount, 0);
  if (open.length > 0) return describeHeldParts(open, items > held);
  const rejected = holds.filter(({ decision }) => decision === 'rejected');
  return rejected.length > 0 ? describeRejectedParts(rejected) : null;
}
