import type { Verdict } from '#core/plan/verdict.ts';
import type { RunState } from '#core/run/run-state.ts';
import type { Tx } from '#storage/database.ts';
import { replaceWaitingRuns } from '#storage/runs/enqueue-run.ts';
import { markAccepted } from '#storage/runs/finish-run.ts';
import { transitionRun } from '#storage/runs/transition-run.ts';

import type { EngineContext } from './engine-context.ts';
import { tellHeld } from './notices/tell-run.ts';
import { totalsOf } from './plan-run.ts';
import { countsWithoutFiles, type HeldCount } from './run-counts.ts';
import type { RunScope } from './run-scope.ts';

/**
 * The plan of a run without files is made: it waits for an approval, or goes on to be applied, and takes the place of what waits, as an approved one
 * does: that would be stale, and hidden behind it. `detail`: more for the timeline. In the transaction of the plan.
 */
export async function endPlanningFromDirectory(
  context: EngineContext,
  tx: Tx,
  run: RunScope['run'],
  {
    counts,
    verdict,
    detail = {},
  }: {
    readonly counts: readonly HeldCount[];
    readonly verdict: Verdict;
    readonly detail?: Readonly<Record<string, unknown>>;
  },
): Promise<RunState> {
  const waits = verdict.outcome === 'held';
  if (waits) await tellHeld(tx, context, run, 'ApprovalNeeded', verdict.reasons);
  else {
    await markAccepted(tx, run.profileId, run.id);
    const by = { profileId: run.profileId, actor: context.worker, newId: context.system.newId };
    await replaceWaitingRuns(tx, by, run.id);
  }
  return transitionRun(tx, {
    runId: run.id,
    epoch: run.epoch,
    from: 'planning',
    event: waits ? 'stopped' : 'planned',
    actor: context.worker,
    eventId: context.system.newId(),
    detail: { counts: totalsOf(counts), ...detail, verdict },
    changes: {
      planned: true,
      counts: countsWithoutFiles(counts),
      errorCode: waits ? 'ApprovalNeeded' : null,
      message: waits ? verdict.reasons.map(({ message }) => message).join('; ') : null,
      release: waits,
    },
  });
}
