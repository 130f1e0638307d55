import { createHash } from 'node:crypto';

import { describeUndone, judgeExpirationUndo, type UndoCounts } from '#core/plan/expiration-undo-verdict.ts';
import type { Verdict } from '#core/plan/verdict.ts';
import type { RunState } from '#core/run/run-state.ts';
import { must } from '#lib/assert.ts';
import { inTenant, planning, type Tx } from '#storage/database.ts';
import { closeNotices } from '#storage/notices/raise-notice.ts';
import { countPlan } from '#storage/plan/count-plan.ts';
import { joinByHash, joinFreely } from '#storage/plan/join-by-hash.ts';
import { countUndo, insertUndoneClasses, insertUndonePlaces } from '#storage/plan/plan-expiration-undo.ts';
import { savePlan } from '#storage/plan/plan-rows.ts';
import { lockQuarantineState } from '#storage/profiles/quarantine.ts';
import { readAcceptedRunId } from '#storage/runs/accept-run.ts';
import { markUnbroken } from '#storage/runs/finish-run.ts';
import { renewLease, saveProgress } from '#storage/runs/lease-run.ts';
import { transitionRun } from '#storage/runs/transition-run.ts';
import { forgetEndedPlaces } from '#storage/schedule/expirations.ts';

import { endPlanningFromDirectory } from './end-planning-from-directory.ts';
import type { EngineContext } from './engine-context.ts';
import { planHashOf, totalsOf } from './plan-run.ts';
import type { HeldCount } from './run-counts.ts';
import { COMPLETE } from './run-progress.ts';
import type { RunScope } from './run-scope.ts';

/**
 * Makes the plan of putting back what an expiration changed, from what it remembered and from the directory as it is now. What changed
 * since is left alone and named. It waits for an approval, as the expiration did.
 */
export async function planExpirationUndo(
  context: EngineContext,
  { run, tenantId, progress }: RunScope,
): Promise<RunState> {
  progress.report({ stage: 'planning', percent: 45 });
  return inTenant(context.db, tenantId, async (tx) => {
    const { counts, undo, verdict } = await planning(tx, () => makePlan(tx, run));
    return endPlanningFromDirectory(context, tx, run, { counts, verdict, detail: { leftAlone: undo.left } });
  });
}

async function makePlan(
  tx: Tx,
  run: RunScope['run'],
): Promise<{
  readonly counts: readonly HeldCount[];
  readonly undo: UndoCounts;
  readonly verdict: Verdict;
}> {
  const { expiredOn, keptInId } = undoOf(run);
  const scope = { runId: run.id, sourceSystemId: run.sourceSystemId, keptInId };
  await insertUndoneClasses(tx, scope);
  await joinByHash(tx);
  await insertUndonePlaces(tx, scope);
  const counts = (await countPlan(tx, run.id)).map((count) => ({ ...count, held: 0 }));
  const undo = await countUndo(tx, run.id);
  await joinFreely(tx);
  const verdict = judgeExpirationUndo(undo, expiredOn);
  const baseRunId = await readAcceptedRunId(tx, run.profileId);
  const madeFrom = createHash('sha256')
    .update(JSON.stringify([keptInId, expiredOn, undo]))
    .digest('hex');
  await savePlan(tx, {
    runId: run.id,
    rosterHash: madeFrom,
    itemCount: counts.reduce((sum, { count }) => sum + count, 0) + undo.left.classes + undo.left.enrollments,
    counts: totalsOf(counts),
    verdict,
    baseRunId,
    planHash: planHashOf(madeFrom, baseRunId, counts),
  });
  return { counts, undo, verdict };
}

/** Everything was put back batch by batch: the run ends. Like the expiration it says nothing about the source. Lock order: profile, run. */
export async function completeExpirationUndo(
  context: EngineContext,
  { run, tenantId, progress }: RunScope,
  timings: Readonly<Record<string, number>>,
): Promise<RunState> {
  const { expiredOn, keptInId } = undoOf(run);
  await progress.flush();
  return inTenant(context.db, tenantId, async (tx) => {
    await lockQuarantineState(tx, run.profileId);
    const { leaseSeconds } = context.settings;
    await renewLease(tx, { runId: run.id, epoch: run.epoch, leaseSeconds });
    await joinByHash(tx);
    const undo = await countUndo(tx, run.id);
    await joinFreely(tx);
    await forgetEndedPlaces(tx, { sourceSystemId: run.sourceSystemId, keptInId });
    await markUnbroken(tx, run.profileId);
    await closeNotices(tx, run.profileId, { event: 'held' });
    await saveProgress(tx, run.id, run.epoch, COMPLETE);
    return transitionRun(tx, {
      runId: run.id,
      epoch: run.epoch,
      from: 'applying',
      event: 'appliedAll',
      actor: context.worker,
      eventId: context.system.newId(),
      detail: { putBack: { classes: undo.classes, enrollments: undo.enrollments }, leftAlone: undo.left },
      changes: {
        release: true,
        finished: true,
        errorCode: null,
        message: describeUndone(undo, expiredOn),
        timings,
      },
    });
  });
}

function undoOf(run: RunScope['run']): { readonly expiredOn: string; readonly keptInId: string } {
  return {
    expiredOn: must(run.expiredOn, 'an undo has the date of its expiration'),
    keptInId: must(run.keptInId, 'an undo knows what keeps the classes'),
  };
}
