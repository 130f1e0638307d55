import { holdsPlan, readHeldCode } from '#core/run/held-because.ts';
import { expirationWaits, HELD_REMEDIES } from '#core/run/profile-status.ts';
import { readQuarantineReason } from '#core/run/quarantine.ts';
import { isExecuting } from '#core/run/run-state.ts';
import { isMadeFromDirectory } from '#core/run/run-trigger.ts';
import { ConflictError, InvalidRequestError } from '#lib/errors.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import { makeEscrowDue, queueRetry } from '#storage/escrow/queue-retry.ts';
import type { StoredProfile } from '#storage/profiles/profile-row.ts';
import { leaveQuarantine, restartQuarantine } from '#storage/profiles/quarantine.ts';
import { savePause } from '#storage/profiles/save-profile.ts';
import { acceptRun, lockNewestRun, type Acceptance, type ResumableRun } from '#storage/runs/accept-run.ts';
import { replaceQueuedPreviews, replaceWaitingRuns } from '#storage/runs/enqueue-run.ts';
import { forgetMissedCron } from '#storage/schedule/profile-schedule.ts';

import { checkMayRun, mayRun, waitsForNewDate } from './check-may-run.ts';
import { decideWaitingPlan } from './decide-plan.ts';
import { mustLockProfile, type Actor, type ProfileContext } from './profile-context.ts';
import { checkStep, stepProfile } from './step-profile.ts';

type Accepted = Omit<Acceptance, 'actor' | 'newId'>;

/**
 * Lets a profile go on, whatever stopped it (docs/spec/status.md):
 * a paused profile is unpaused, and its suspended run goes on, unless the profile has expired meanwhile; what is held waits for a second resume, so that ending a
 * pause, or a quarantine that somebody ordered, accepts nothing unseen. A run held by validation goes on without the faulty rows; a plan held by the verdict is accepted;
 * a broken run is tried at once, and so is what is in escrow of a profile in quarantine. Missing or empty files are confirmed by name, in `confirmEmptyFiles`, and by nothing else.
 * Errors: NotFoundError; InvalidRequestError; ConflictError when nothing waits, or resume cannot help.
 */
export async function resumeProfile(
  context: ProfileContext,
  actor: Actor,
  profileId: string,
  options: { readonly confirmEmptyFiles?: readonly string[] } = {},
): Promise<void> {
  const { newId } = context.system;
  const confirmed = (options.confirmEmptyFiles ?? []).map((file) => file.trim().toLowerCase());
  const runId = await inTenant(context.db, actor.tenantId, async (tx) => {
    const profile = await mustLockProfile(tx, profileId);
    checkStep(profile, 'resumed');
    const run = await lockNewestRun(tx, profile.id);
    if (
      run?.state === 'held' &&
      !isStopped(profile) &&
      confirmed.length === 0 &&
      holdsPlan(readHeldCode(run.errorCode))
    ) {
      // A script that resumes whatever waits must neither end a school year nor bring one back.
      if (isMadeFromDirectory(run.trigger)) throw new ConflictError(expirationWaits(profile.id, run.id));
      await decideWaitingPlan(context, tx, profile, run.id, actor, { decision: 'approved' });
      if (profile.quarantinedAt) await resumeQuarantined(tx, profile, run.id, actor, newId);
      return run.id;
    }
    const accepted = whatToAccept(profile, run, confirmed);
    if (profile.pausedAt) {
      await savePause(tx, profile.id, null, null);
      await forgetMissedCron(tx, profile.id);
    }
    if (accepted !== null && run !== null) await accept(tx, profile, run, accepted, actor, newId);
    const acceptedId = accepted === null ? null : (run?.id ?? null);
    const goesOn = profile.quarantinedAt
      ? await resumeQuarantined(tx, profile, acceptedId, actor, newId)
      : acceptedId;
    await stepProfile(tx, profile, {
      event: 'resumed',
      actor: actor.applicationId,
      newId,
      detail: {
        wasPaused: profile.pausedAt !== null,
        wasQuarantined: profile.quarantinedAt !== null,
        runId: goesOn,
      },
    });
    return goesOn;
  });
  if (runId !== null) await context.wakeRun(actor.tenantId, runId);
}

async function accept(
  tx: Tx,
  profile: StoredProfile,
  run: ResumableRun,
  accepted: Accepted,
  actor: Actor,
  newId: () => string,
): Promise<void> {
  // Older runs that still wait would overtake this one's result later.
  await replaceWaitingRuns(tx, { profileId: profile.id, actor: actor.applicationId, newId }, run.id);
  await replaceQueuedPreviews(tx, { profileId: profile.id, actor: actor.applicationId, newId });
  await acceptRun(tx, run, {
    ...accepted,
    actor: actor.applicationId,
    newId,
    traceparent: actor.traceparent,
  });
}

/**
 * Ends a quarantine that an administrator ordered. Any other one ends by a run alone: what is in escrow is tried at once, unless
 * a run goes on anyway, and the four weeks until it is disabled begin anew. Errors: ConflictError when there is nothing to go on with.
 * @returns the run that goes on.
 */
async function resumeQuarantined(
  tx: Tx,
  profile: StoredProfile,
  acceptedId: string | null,
  actor: Actor,
  newId: () => string,
): Promise<string | null> {
  const { id: profileId } = profile;
  if (isOrdered(profile)) {
    await leaveQuarantine(tx, profileId);
    return acceptedId;
  }
  await restartQuarantine(tx, profileId);
  if (acceptedId !== null || !mayRun(profile)) return acceptedId;
  await makeEscrowDue(tx, profileId);
  const runId = newId();
  const retry = { profileId, runId, actor: actor.applicationId, newId, asked: true };
  if (await queueRetry(tx, retry)) return runId;
  if (profile.pausedAt) return null;
  throw new ConflictError(
    'There is nothing to try again with the files that Rollbook has. Upload files to the uploadUrl of the profile and start it.',
  );
}

/** Somebody stopped it, by a pause or a quarantine: the first resume ends that. */
function isStopped(profile: StoredProfile): boolean {
  return profile.pausedAt !== null || isOrdered(profile);
}

function isOrdered({ quarantinedAt, quarantineReason }: StoredProfile): boolean {
  return quarantinedAt !== null && readQuarantineReason(quarantineReason) === 'QuarantinedOnDemand';
}

/** What this resume accepts of the newest run; null: only the pause, or the quarantine, ends. Throws when there is nothing to resume. */
function whatToAccept(
  profile: StoredProfile,
  run: ResumableRun | null,
  confirmed: readonly string[],
): Accepted | null {
  if (run?.state === 'held' && (!isStopped(profile) || confirmed.length > 0)) {
    checkMayRun(profile);
    return whatHeldRunNeeds(run, confirmed);
  }
  if (confirmed.length > 0)
    throw new ConflictError(
      'No run of this profile waits for a confirmation of files. Read its profileStatus.',
    );
  if (run?.state === 'suspended') {
    if (profile.pausedAt && waitsForNewDate(profile, run.trigger)) return null;
    checkMayRun(profile, run.trigger);
    return {};
  }
  if (profile.pausedAt) return null;
  if (run?.state === 'broken') {
    checkMayRun(profile, run.trigger);
    return {};
  }
  if (profile.quarantinedAt && !isUnderWay(run)) {
    checkMayRun(profile);
    return null;
  }
  throw new ConflictError(nothingToResume(run));
}

function isUnderWay(run: ResumableRun | null): boolean {
  return run !== null && (run.state === 'queued' || isExecuting(run.state));
}

function whatHeldRunNeeds(run: ResumableRun, confirmed: readonly string[]): Accepted {
  const code = readHeldCode(run.errorCode);
  if (code !== 'FilesNeedConfirmation' && confirmed.length > 0)
    throw new ConflictError(`The run does not wait for a confirmation of files. ${HELD_REMEDIES[code]}`);
  switch (code) {
    case 'ValidationFailed':
      return { waiveTolerance: true };
    case 'VerdictHeld':
    case 'ApprovalNeeded':
    case 'PartHeld':
    case 'PreviewReady':
      // Decided with its plan (decide-plan): never together with anything else.
      throw new ConflictError(HELD_REMEDIES[code]);
    case 'FilesUnusable':
      throw new ConflictError(
        'The run cannot go on: an uploaded file cannot be used. Upload corrected files and start again.',
      );
    case 'FilesNeedConfirmation':
      return { confirmFiles: checkConfirmation(run, confirmed) };
  }
}

function checkConfirmation(run: ResumableRun, confirmed: readonly string[]): readonly string[] {
  const unasked = confirmed.find((file) => !run.filesToConfirm.includes(file));
  if (unasked !== undefined)
    throw new InvalidRequestError(
      `confirmEmptyFiles: '${unasked}' needs no confirmation. Files that do: ${run.filesToConfirm.join(', ')}.`,
      'confirmEmptyFiles',
    );
  const open = run.filesToConfirm.filter(
    (file) => !confirmed.includes(file) && !run.confirmedFiles.includes(file),
  );
  if (open.length === 0) return confirmed;
  throw new ConflictError(
    `These files had rows before and are missing or empty now: ${open.join(', ')}. Upload the complete files and start again. ` +
      `Only if what they held is really gone, confirm each by name: POST /api/v1/profiles/{id}/resume with ${JSON.stringify({ confirmEmptyFiles: run.filesToConfirm })}.`,
  );
}

function nothingToResume(run: ResumableRun | null): string {
  if (run === null)
    return 'There is nothing to resume: the profile is not paused and was not started. Upload files to its uploadUrl and start it.';
  if (run.state === 'completed')
    return 'There is nothing to resume: the profile is not paused and its last run is complete. Start it to sync again.';
  return 'There is nothing to resume: the profile is not paused and a run is under way. Read its profileStatus.';
}
