import type { RunState } from '#core/run/run-state.ts';
import { isMadeFromDirectory } from '#core/run/run-trigger.ts';
import { areTooMany, WorkerDiedError } from '#core/run/worker-deaths.ts';
import { inSpan, type Span } from '#lib/tracing.ts';
import { inTenant } from '#storage/database.ts';
import { type ClaimedRun, claimRun } from '#storage/runs/claim-run.ts';
import { findQueuedRun } from '#storage/runs/finish-run.ts';

import { applyPlan } from './apply-plan.ts';
import { completeExpiration } from './complete-expiration.ts';
import { completeRun } from './complete-run.ts';
import type { EngineContext } from './engine-context.ts';
import { letGo } from './let-go.ts';
import { planExpiration, stageExpiration } from './plan-expiration.ts';
import { planRun } from './plan-run.ts';
import { keepLease, type RunLease } from './run-lease.ts';
import { reportProgress } from './run-progress.ts';
import { isExpiration, isExpirationUndo, type RunScope } from './run-scope.ts';
import { countStaged, measured } from './run-telemetry.ts';
import { stageRun } from './stage-run.ts';
import { completeExpirationUndo, planExpirationUndo } from './undo-expiration-run.ts';

/**
 * Executes a run from where it stands to where it waits or ends: stage, plan, apply, complete. Every stage leaves rows
 * that the next one reads, so any worker may go on after a crash: an unfinished stage or plan is made again from the sealed
 * upload, an unfinished apply continues behind its watermark.
 * @returns busy: somebody else is at work on this profile, and wakes the queued run at its end. nothingToDo: it waits or is over.
 */
export async function executeRun(
  context: EngineContext,
  tenantId: string,
  runId: string,
  shutdown: AbortSignal,
): Promise<'executed' | 'busy' | 'nothingToDo'> {
  const claim = await inTenant(context.db, tenantId, (tx) =>
    claimRun(tx, {
      runId,
      worker: context.worker,
      leaseSeconds: context.settings.leaseSeconds,
      newId: context.system.newId,
    }),
  );
  if (claim === 'busy' || claim === 'nothingToDo') return claim;
  const lease = keepLease(context, { tenantId, runId, epoch: claim.epoch }, shutdown);
  const at = { state: claim.state };
  const { metrics, tracing } = context.telemetry;
  if (claim.takenOver) metrics.add('rollbook_lease_takeovers_total', {});
  const { id, profileId, trigger, attempt, epoch } = claim;
  const attributes = {
    'rollbook.tenant.id': tenantId,
    'rollbook.profile.id': profileId,
    'rollbook.run.id': id,
    'rollbook.run.trigger': trigger,
    'rollbook.run.attempt': attempt,
    'rollbook.run.epoch': epoch,
  };
  let goesOn = false;
  try {
    const execute = async (span: Span): Promise<void> => {
      refuseDeadly(claim);
      await executeStages(context, tenantId, claim, lease, at);
      span.set({ 'rollbook.run.state': at.state });
    };
    await inSpan(tracing, 'run', attributes, execute, claim.traceparent ?? undefined);
    metrics.add('rollbook_runs_left_total', { state: at.state });
  } catch (error) {
    await lease.stop();
    goesOn = await letGo(context, { tenantId, shutdown }, claim, lease, at.state, error);
  } finally {
    await lease.stop();
  }
  if (goesOn && !shutdown.aborted) return executeRun(context, tenantId, runId, shutdown);
  if (lease.interruption() === 'outdated' || shutdown.aborted) return 'executed';
  const queued = await inTenant(context.db, tenantId, (tx) => findQueuedRun(tx, claim.profileId));
  if (queued !== null) await context.wake(tenantId, queued);
  return 'executed';
}

/** A run that its workers died over is not begun once more: the next would die as well, and with it whatever else it executes. */
function refuseDeadly({ takenOver, deaths, claimedAt, planOnly }: ClaimedRun): void {
  if (takenOver && deaths !== null && areTooMany(deaths, claimedAt))
    throw new WorkerDiedError(deaths, planOnly);
}

/** `at.state` follows the run's state, so that whoever lets the run go knows where it stands. */
async function executeStages(
  context: EngineContext,
  tenantId: string,
  claim: ClaimedRun,
  lease: RunLease,
  at: { state: RunState },
): Promise<void> {
  const progress = reportProgress(context, tenantId, claim.id, claim.epoch);
  const scope = { tenantId, run: claim, lease, progress };
  if (at.state === 'staging') {
    const prepare = isMadeFromDirectory(claim.trigger) ? prepareFromDirectory : preparePlan;
    if ((await prepare(context, scope, at)) !== 'applying') return;
  }
  const applyTimings = await measured(context, 'applying', () =>
    applyPlan(context, lease, {
      tenantId,
      runId: claim.id,
      sourceSystemId: claim.sourceSystemId,
      appliedItemNo: claim.appliedItemNo,
      pass: claim.applyPass,
      remembers: isExpiration(claim),
      keptInId: claim.keptInId,
      onBatch: (itemsDone, itemsTotal) =>
        progress.report({
          stage: 'applying',
          percent: itemsTotal === 0 ? 99 : Math.min(99, 50 + Math.floor((itemsDone / itemsTotal) * 49)),
          itemsDone,
          itemsTotal,
        }),
    }),
  );
  await progress.flush();
  const complete = isExpiration(claim)
    ? completeExpiration
    : isExpirationUndo(claim)
      ? completeExpirationUndo
      : completeRun;
  at.state = await measured(context, 'completing', () => complete(context, scope, applyTimings));
}

async function preparePlan(
  context: EngineContext,
  scope: RunScope,
  at: { state: RunState },
): Promise<RunState> {
  const staged = await measured(context, 'staging', () => stageRun(context, scope));
  countStaged(context, staged.result);
  at.state = staged.state;
  if (staged.state === 'planning')
    at.state = await measured(context, 'planning', () => planRun(context, scope, staged));
  return at.state;
}

async function prepareFromDirectory(
  context: EngineContext,
  scope: RunScope,
  at: { state: RunState },
): Promise<RunState> {
  at.state = await measured(context, 'staging', () => stageExpiration(context, scope));
  const plan = isExpiration(scope.run) ? planExpiration : planExpirationUndo;
  at.state = await measured(context, 'planning', () => plan(context, scope));
  return at.state;
}
