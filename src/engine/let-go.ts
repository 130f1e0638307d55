import { retryDelaySeconds } from '#core/run/retry.ts';
import type { RunState } from '#core/run/run-state.ts';
import { transientFault } from '#core/run/transient.ts';
import { WorkerDiedError } from '#core/run/worker-deaths.ts';
import { failureClassOf } from '#core/telemetry/failure-class.ts';
import { OperationalError } from '#lib/errors.ts';
import { forServing, inTenant, type Tx } from '#storage/database.ts';
import { faultCodesOf } from '#storage/database-errors.ts';
import { lockProfile } from '#storage/profiles/find-profile.ts';
import { settleCancelled } from '#storage/runs/cancel-run.ts';
import type { ClaimedRun } from '#storage/runs/claim-run.ts';
import { LeaseLostError, readInterruption, releaseLease } from '#storage/runs/lease-run.ts';
import { transitionRun } from '#storage/runs/transition-run.ts';

import type { EngineContext } from './engine-context.ts';
import { tellBroken } from './notices/tell-run.ts';
import { onceItAnswers } from './once-it-answers.ts';
import { judgeBrokenRun } from './quarantine.ts';
import type { RunLease } from './run-lease.ts';

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
export async function letGo(
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
  const left = await writeOf(context, place, claim, async (tx, asked) => {
    if (asked !== 'none') return stopAsAsked(tx, context, transition, asked);
    await releaseLease(tx, claim.id, claim.epoch);
    return null;
  });
  if (left === null) return true;
  countLeft(context, left);
  return false;
}

async function stopAsAsked(
  tx: Tx,
  context: EngineContext,
  transition: LeavingRun,
  asked: 'paused' | 'cancel',
): Promise<RunState> {
  const state = await transitionRun(tx, {
    ...transition,
    event: asked,
    eventId: context.system.newId(),
    changes: { release: true, finished: asked === 'cancel' },
  });
  if (asked === 'cancel') await settleCancelled(tx, transition.runId);
  return state;
}

/** Writes under the lock of the profile, with what somebody asks of the run now: from then on nobody can ask for anything else before the commit. */
function writeOf<T>(
  context: EngineContext,
  { tenantId, shutdown }: Place,
  claim: ClaimedRun,
  write: (tx: Tx, asked: 'none' | 'paused' | 'cancel') => Promise<T>,
): Promise<T | 'lost'> {
  return onceItAnswers(context, shutdown, () =>
    inTenant(context.db, tenantId, async (tx) => {
      await lockProfile(tx, claim.profileId);
      const asked = await readInterruption(tx, claim.id, claim.epoch);
      return asked === 'lost' ? asked : write(tx, asked);
    }),
  );
}

function countLeft({ telemetry: { metrics } }: EngineContext, left: RunState | 'lost'): void {
  if (left === 'lost') metrics.add('rollbook_leases_lost_total', {});
  else metrics.add('rollbook_runs_left_total', { state: left });
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
  const left = await writeOf(context, place, claim, async (tx, asked) => {
    const over = (state: RunState) => ({ state, retryInSeconds: null });
    if (asked === 'cancel') return over(await stopAsAsked(tx, context, transition, asked));
    // A preview says nothing about its profile: it is over, and whoever wanted it makes another.
    if (fault === null && claim.planOnly)
      return over(
        await transitionRun(tx, {
          ...transition,
          event: 'cancel',
          eventId: context.system.newId(),
          detail: { code },
          changes: { release: true, finished: true, errorCode: code, message },
        }),
      );
    const judged =
      fault === null
        ? await judgeBrokenRun(tx, context, {
            profileId: claim.profileId,
            runId: claim.id,
            inARow: error instanceof WorkerDiedError ? error.deaths : 1,
          })
        : { retryInSeconds: retryDelaySeconds(context.settings.retry, claim.attempt, false) };
    if ('quarantined' in judged) await tellBroken(tx, context, claim, { code, message }, judged);
    const { retryInSeconds } = judged;
    const state = await transitionRun(tx, {
      ...transition,
      event: 'broke',
      eventId: context.system.newId(),
      detail: { code, transient: fault !== null, ...judged },
      changes: { release: true, errorCode: code, message, retryInSeconds },
    });
    return { state, retryInSeconds };
  });
  countLeft(context, left === 'lost' ? left : left.state);
  if (left !== 'lost' && left.retryInSeconds !== null)
    await context.wake(tenantId, claim.id, left.retryInSeconds);
}

/** An operational message is made for people; what a bug says may hold anything, so it stays in the log. */
function describeBreak(error: unknown): { code: string; message: string } {
  if (error instanceof OperationalError) return { code: error.code, message: error.message };
  return {
    code: 'InternalError',
    message: 'Rollbook met an unexpected error; the log of the service has it under the id of this run.',
  };
}
