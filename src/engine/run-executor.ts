import { retryDelaySeconds } from '#core/run/retry.ts';
import type { RunState } from '#core/run/run-state.ts';
import { isMadeFromDirectory } from '#core/run/run-trigger.ts';
import { transientFault } from '#core/run/transient.ts';
import { areTooMany, WorkerDiedError } from '#core/run/worker-deaths.ts';
import { failureClassOf } from '#core/telemetry/failure-class.ts';
import { OperationalError } from '#lib/errors.ts';
import { inSpan, type Span } from '#lib/tracing.ts';
import { forServing, inTenant, type Tx } from '#storage/database.ts';
import { faultCodesOf } from '#storage/database-errors.ts';
import { lockProfile } from '#storage/profiles/find-profile.ts';
import { settleCancelled } from '#storage/runs/cancel-run.ts';
import { type ClaimedRun, claimRun } from '#storage/runs/claim-run.ts';
import { findQueuedRun } from '#storage/runs/finish-run.ts';
import { LeaseLostError, readInterruption, releaseLease } from '#storage/runs/lease-run.ts';
import { transitionRun } from '#storage/runs/transition-run.ts';

import { applyPlan } from './apply-plan.ts';
import { completeExpiration } from './complete-expiration.ts';
import { completeRun } from './complete-run.ts';
import type { EngineContext } from './engine-context.ts';
import { tellBroken } from './notices/tell-run.ts';
import { onceItAnswers } from './once-it-answers.ts';
import { planExpiration, stageExpiration } from './plan-expiration.ts';
import { planRun } from './plan-run.ts';
import { judgeBrokenRun } from './quarantine.ts';
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

/** Whose run it is, and what ends the waiting for a database that is away. */
interface Place {
  readonly tenantId: string;
  readonly shutdown: AbortSignal;
}

/** Where the run stands, and who takes it from there. */
interface LeavingRun {
  readonly runId: string;
  readonly epoch: number;
  readonly from: RunState;
  readonly actor: string;
}

/**
 * The run did not get to where it was going: paused, cancelled, lost, shut down, or broken.
 * @returns whether it goes on from where it stands: nothing is in its way any more, and nobody holds its lease.
 */
async function letGo(
  context: EngineContext,
  place: Place,
  claim: ClaimedRun,
  lease: RunLease,
  state: RunState,
  error: unknown,
): Promise<boolean> {
  // Whatever failed may have met a cancellation, a reset or a deletion before the lease did: those are for this worker to finish.
  if (lease.interruption() === null) await lease.check().catch(() => undefined);
  const interruption = lease.interruption() ?? (error instanceof LeaseLostError ? 'lost' : null);
  const transition = { runId: claim.id, epoch: claim.epoch, from: state, actor: context.worker };
  const { metrics } = context.telemetry;
  if (interruption === 'lost') {
    metrics.add('rollbook_leases_lost_total', {});
    return false;
  }
  if (interruption === 'shutdown' || interruption === 'outdated') {
    await inTenant(forServing(context.db), place.tenantId, (tx) => releaseLease(tx, claim.id, claim.epoch));
    return false;
  }
  if (interruption !== null) return stopRun(context, place, claim, transition);
  await breakOff(context, place, claim, transition, error);
  return false;
}

/** Suspends or cancels the run, by what is so now: since the lease looked, the profile may have been resumed, or the run cancelled. @returns as letGo. */
async function stopRun(
  context: EngineContext,
  place: Place,
  claim: ClaimedRun,
  transition: LeavingRun,
): Promise<boolean> {
  const { metrics } = context.telemetry;
  const left = await writeOf(context, place, async (tx) => {
    // The row of the profile first, then its runs.
    await lockProfile(tx, claim.profileId);
    const event = await readInterruption(tx, claim.id, claim.epoch);
    if (event === 'lost') return event;
    if (event === 'none') {
      await releaseLease(tx, claim.id, claim.epoch);
      return event;
    }
    const state = await transitionRun(tx, {
      ...transition,
      event,
      eventId: context.system.newId(),
      changes: { release: true, finished: event === 'cancel' },
    });
    if (event === 'cancel') await settleCancelled(tx, claim.id);
    return state;
  });
  if (left === 'none') return true;
  if (left === 'lost') metrics.add('rollbook_leases_lost_total', {});
  else metrics.add('rollbook_runs_left_total', { state: left });
  return false;
}

function writeOf<T>(
  context: EngineContext,
  { tenantId, shutdown }: Place,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return onceItAnswers(context, shutdown, () => inTenant(context.db, tenantId, work));
}

async function breakOff(
  context: EngineContext,
  place: Place,
  claim: ClaimedRun,
  transition: LeavingRun,
  error: unknown,
): Promise<void> {
  const { tenantId } = place;
  const fault = transientFault(faultCodesOf(error));
  const { code, message } = fault ?? describeBreak(error);
  const fields = { runId: claim.id, tenantId, code, err: error };
  if (fault === null) context.log.error(fields, 'a run broke off');
  else context.log.warn(fields, 'a run was interrupted and is tried again');
  context.telemetry.metrics.add('rollbook_run_failures_total', { class: failureClassOf(code) });
  const delay = await writeOf(context, place, async (tx) => {
    // A preview says nothing about its profile: it is over, and whoever wanted it makes another.
    if (fault === null && claim.planOnly) {
      await transitionRun(tx, {
        ...transition,
        event: 'cancel',
        eventId: context.system.newId(),
        detail: { code },
        changes: { release: true, finished: true, errorCode: code, message },
      });
      return null;
    }
    const judged =
      fault === null
        ? await judgeBrokenRun(tx, context, {
            profileId: claim.profileId,
            runId: claim.id,
            inARow: error instanceof WorkerDiedError ? error.deaths : 1,
          })
        : { retryInSeconds: retryDelaySeconds(context.settings.retry, claim.attempt, false) };
    if ('quarantined' in judged) await tellBroken(tx, context, claim, { code, message }, judged);
    await transitionRun(tx, {
      ...transition,
      event: 'broke',
      eventId: context.system.newId(),
      detail: { code, transient: fault !== null, ...judged },
      changes: { release: true, errorCode: code, message, retryInSeconds: judged.retryInSeconds },
    });
    return judged.retryInSeconds;
  });
  context.telemetry.metrics.add('rollbook_runs_left_total', {
    state: delay === null ? 'cancelled' : 'broken',
  });
  if (delay !== null) await context.wake(tenantId, claim.id, delay);
}

/** An operational message is made for people; what a bug says may hold anything, so it stays in the log. */
function describeBreak(error: unknown): { code: string; message: string } {
  if (error instanceof OperationalError) return { code: error.code, message: error.message };
  return {
    code: 'InternalError',
    message: 'Rollbook met an unexpected error; the log of the service has it under the id of this run.',
  };
}
