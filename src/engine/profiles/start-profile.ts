import { readHeldCode, stoppedByFiles } from '#core/run/held-because.ts';
import { isExpired, PROVIDER_NAMES, providerRuns } from '#core/run/profile.ts';
import { transientFault } from '#core/run/transient.ts';
import { verificationMessages, type VerificationMessage } from '#core/run/verification-message.ts';
import { ConflictError, InvalidRequestError } from '#lib/errors.ts';
import { faultCodesOf } from '#storage/database-errors.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import type { StoredProfile } from '#storage/profiles/profile-row.ts';
import { insertQueuedRun, replaceWaitingRuns, type RunTrigger } from '#storage/runs/enqueue-run.ts';
import { readFindingCounts, readRun, readRunStage } from '#storage/runs/read-runs.ts';
import { sealUpload } from '#storage/uploads/seal-upload.ts';

import { mustLockProfile, type Actor, type ProfileContext } from './profile-context.ts';
import { checkStep, stepProfile } from './step-profile.ts';

export interface StartResult {
  readonly runId: string;
  /** The run stopped in stage or validation; nothing is synced. */
  readonly stopped: boolean;
  /** What was found so far, the worst first. */
  readonly messages: readonly VerificationMessage[];
}

const POLL_MS = 75;

/**
 * Takes the uploaded files and opens a run on them, then waits until they are validated, at most startWaitSeconds.
 * Errors: NotFoundError; InvalidRequestError when there is no file, or the provider does not run yet; ConflictError when the
 * profile is not provisioned, is paused or expired.
 */
export async function startProfile(
  context: ProfileContext,
  actor: Actor,
  profileId: string,
  signal?: AbortSignal,
): Promise<StartResult> {
  const started = await inTenant(context.db, actor.tenantId, async (tx) => {
    const profile = await mustLockProfile(tx, profileId);
    return queueStart(tx, profile, {
      actor: actor.applicationId,
      trigger: 'start',
      newId: context.system.newId,
      traceparent: actor.traceparent,
    });
  });
  await afterStart(context, actor.tenantId, started);
  try {
    return await waitForValidation(context, actor.tenantId, started.runId, signal);
  } catch (error) {
    if (transientFault(faultCodesOf(error)) === null) throw error;
    // It has started, whatever the database says now: a client that was told to try again would start once more, without files.
    return { runId: started.runId, stopped: false, messages: [] };
  }
}

export interface QueuedStart {
  readonly runId: string;
  /** Objects that nothing names any more. */
  readonly garbage: readonly string[];
}

/**
 * The transaction of a start, for a profile that the caller has locked: seals the upload, replaces whatever waits (the
 * queued run; a held, suspended or broken one) and queues the run; an executing run goes on, and this one follows it. Lock order: profile,
 * upload, runs. Call afterStart after the commit. Errors: as startProfile.
 */
export async function queueStart(
  tx: Tx,
  profile: StoredProfile,
  by: {
    readonly actor: string;
    readonly trigger: RunTrigger;
    readonly newId: () => string;
    readonly traceparent?: string | undefined;
  },
): Promise<QueuedStart> {
  const { actor, trigger, newId, traceparent } = by;
  checkMayStart(profile);
  const upload = await sealUpload(tx, profile.id);
  if (upload === undefined || upload.files.length === 0)
    throw new InvalidRequestError(
      'There are no uploaded files to start with. Get the uploadUrl of the profile, upload the files to it, then start.',
    );
  await replaceWaitingRuns(tx, { profileId: profile.id, actor, newId });
  const runId = newId();
  await insertQueuedRun(tx, {
    id: runId,
    profileId: profile.id,
    uploadId: upload.uploadId,
    requestedBy: actor,
    trigger,
    newId,
    traceparent,
  });
  await stepProfile(tx, profile, {
    event: 'started',
    actor,
    newId,
    detail: { runId, trigger, uploadId: upload.uploadId, files: upload.files.map((file) => file.name) },
  });
  return { runId, garbage: upload.garbage };
}

/** Wakes a worker for the run and drops what the start has let go. A crash before it loses nothing. */
export async function afterStart(
  context: Pick<ProfileContext, 'wakeRun' | 'removeObjects'>,
  tenantId: string,
  started: QueuedStart,
): Promise<void> {
  await context.wakeRun(tenantId, started.runId);
  if (started.garbage.length > 0) await context.removeObjects(started.garbage);
}

function checkMayStart(profile: StoredProfile): void {
  const { type } = profile.dataProvider;
  if (!providerRuns(type))
    throw new InvalidRequestError(
      `This version of Rollbook does not run ${PROVIDER_NAMES[type]} profiles yet; only CSV profiles can be started. The profile is stored and nothing is synced.`,
    );
  checkStep(profile, 'started');
  if (profile.pausedAt)
    throw new ConflictError(
      `The profile is paused since ${profile.pausedAt.toISOString()}. Resume it first, then start it.`,
    );
  if (isExpired(profile.expirationDate, profile.today))
    throw new ConflictError(
      `The profile expired on ${profile.expirationDate ?? ''}. Update its expirationDate to a later day, then start it.`,
    );
}

/** Looks at the run row until the run has left stage and validation, or the time is over; `signal`: nobody waits for the answer any more. */
async function waitForValidation(
  context: ProfileContext,
  tenantId: string,
  runId: string,
  signal: AbortSignal | undefined,
): Promise<StartResult> {
  const deadlineMs = context.system.now().getTime() + context.startWaitSeconds * 1000;
  for (;;) {
    if (signal?.aborted) return { runId, stopped: false, messages: [] };
    const run = await inTenant(context.db, tenantId, (tx) => readRunStage(tx, runId), { readOnly: true });
    const waiting = run?.state === 'queued' || run?.state === 'staging';
    if (!waiting || context.system.now().getTime() >= deadlineMs) break;
    await context.system.sleep(POLL_MS, signal);
  }
  return inTenant(context.db, tenantId, async (tx) => {
    const run = await readRun(tx, runId);
    const stopped = run?.state === 'held' && stoppedByFiles(readHeldCode(run.errorCode));
    const messages = verificationMessages(await readFindingCounts(tx, runId));
    // A stop is never answered without a reason.
    if (stopped && !messages.some((message) => message.type === 'Error'))
      messages.unshift({
        type: 'Error',
        fileName: '',
        description: run.message ?? 'The files cannot be used.',
      });
    return { runId, stopped, messages };
  });
}
