import { isFinal, type RunState } from '#core/run/run-state.ts';
import { unreachable } from '#lib/assert.ts';
import { ConflictError } from '#lib/errors.ts';
import { inTenant } from '#storage/database.ts';
import { lockRunToCancel, requestCancel, type RunToCancel } from '#storage/runs/cancel-run.ts';
import { cancelWaitingRun } from '#storage/runs/enqueue-run.ts';
import { findQueuedRun } from '#storage/runs/finish-run.ts';
import { readRunStage, type StoredRun } from '#storage/runs/read-runs.ts';

import { isUuid, type Actor, type ProfileContext } from './profile-context.ts';
import { mustReadRun, noSuchRun } from './read-runs.ts';

const POLL_MS = 75;

/**
 * Cancels a run: at once when it waits, between two batches when a worker executes it; then this waits for the worker,
 * startWaitSeconds at most. A run that was cancelled before is answered as it is. The run that is returned is either cancelled, or
 * still stopping (`cancelRequested`), which nothing but a cancellation can end.
 * Errors: NotFoundError; ConflictError when the run had reached another end first.
 */
export async function cancelRun(
  context: ProfileContext,
  actor: Actor,
  runId: string,
  note: string | null,
  signal?: AbortSignal,
): Promise<StoredRun> {
  const by = { actor: actor.applicationId, newId: context.system.newId };
  const detail = note === null ? undefined : { note };
  const { run, queued } = await inTenant(context.db, actor.tenantId, async (tx) => {
    const found = isUuid(runId) ? await lockRunToCancel(tx, runId) : null;
    if (found === null) throw noSuchRun(runId);
    if (found.state !== 'cancelled' && isFinal(found.state)) throw new ConflictError(whyNot(found));
    if (found.state === 'cancelled') return { run: found, queued: null };
    if (found.leaseValid) {
      const request = { runId: found.id, state: found.state, actor: by.actor, eventId: by.newId(), detail };
      if (!found.cancelRequested) await requestCancel(tx, request);
      return { run: found, queued: null };
    }
    await cancelWaitingRun(tx, { ...by, profileId: found.profileId }, found, detail);
    return { run: found, queued: await findQueuedRun(tx, found.profileId) };
  });
  // What stood behind it in the queue need not wait for the next sweep.
  if (queued !== null) await context.wakeRun(actor.tenantId, queued);
  if (run.leaseValid) await waitForWorker(context, actor.tenantId, run.id, signal);
  return inTenant(context.db, actor.tenantId, (tx) => mustReadRun(tx, run.id), { readOnly: true });
}

async function waitForWorker(
  context: ProfileContext,
  tenantId: string,
  runId: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadlineMs = context.system.now().getTime() + context.startWaitSeconds * 1000;
  for (;;) {
    const run = await inTenant(context.db, tenantId, (tx) => readRunStage(tx, runId), { readOnly: true });
    if (run === null || isFinal(run.state)) return;
    if (signal?.aborted || context.system.now().getTime() >= deadlineMs) return;
    await context.system.sleep(POLL_MS, signal);
  }
}

function whyNot(run: RunToCancel): string {
  const when = run.finishedAt === null ? '' : ` at ${run.finishedAt.toISOString()}`;
  return `The run cannot be cancelled: ${reasonOf(run.state)}${when}. What it has changed stays; sync again to change it.`;
}

function reasonOf(state: RunState): string {
  switch (state) {
    case 'completed':
      return 'it was complete';
    case 'superseded':
      return 'a newer start took its place';
    case 'rejected':
      return 'its plan was rejected';
    case 'cancelled':
    case 'queued':
    case 'staging':
    case 'planning':
    case 'held':
    case 'applying':
    case 'suspended':
    case 'broken':
      return `it is ${state}`;
    default:
      return unreachable(state);
  }
}
