import { describeHeldParts } from '#core/plan/held-parts.ts';
import { holdsPlan, readHeldCode } from '#core/run/held-because.ts';
import { isMadeFromDirectory } from '#core/run/run-trigger.ts';
import { ConflictError, InvalidRequestError, NotFoundError } from '#lib/errors.ts';
import { must } from '#lib/assert.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import { closeNotices } from '#storage/notices/raise-notice.ts';
import { decideHolds, type Decision, isOpen, readHolds, recountHeld } from '#storage/plan/plan-holds.ts';
import { readPlanSize } from '#storage/plan/plan-rows.ts';
import type { StoredProfile } from '#storage/profiles/profile-row.ts';
import { acceptRun, acceptUnproven, type ResumableRun } from '#storage/runs/accept-run.ts';
import {
  findProfileOfRun,
  lockPlannedRun,
  type PlannedRun,
  rejectRun,
  saveRunMessage,
} from '#storage/runs/decide-run.ts';
import { replaceQueuedPreviews, replaceStalePlans, replaceWaitingRuns } from '#storage/runs/enqueue-run.ts';
import { markAccepted } from '#storage/runs/finish-run.ts';
import { restoreRecordErrors } from '#storage/runs/restore-record-errors.ts';

import { checkMayRun } from './check-may-run.ts';
import { isUuid, mustLockProfile, type Actor, type ProfileContext } from './profile-context.ts';
import { checkStep, stepProfile } from './step-profile.ts';

export interface PlanDecision {
  readonly decision: Decision;
  /** Why, for whoever reads the history. */
  readonly note?: string | null | undefined;
  /** The hash of the plan that was looked at: another one is refused. */
  readonly planHash?: string | null | undefined;
  /** Schools whose part is decided; absent: all that waits. Only where parts wait, not a whole plan. */
  readonly schools?: readonly string[] | null | undefined;
}

/**
 * Approves or rejects a plan that waits: a preview, a plan that its verdict holds, or the parts of one that were set aside. An approved
 * plan is applied as it was looked at; one that was made on another state of the profile is stale and refused.
 * Errors: NotFoundError; InvalidRequestError; ConflictError when nothing waits, the plan is stale or another one, or somebody was first.
 */
export async function decidePlan(
  context: ProfileContext,
  actor: Actor,
  runId: string,
  input: PlanDecision,
): Promise<void> {
  const wake = await inTenant(context.db, actor.tenantId, async (tx) => {
    const profileId = isUuid(runId) ? await findProfileOfRun(tx, runId) : null;
    if (profileId === null) throw new NotFoundError(`There is no run '${runId.slice(0, 64)}'.`);
    const profile = await mustLockProfile(tx, profileId);
    checkStep(profile, 'resumed');
    return decideWaitingPlan(context, tx, profile, runId.toLowerCase(), actor, input);
  });
  if (wake) await context.wakeRun(actor.tenantId, runId.toLowerCase());
}

/** The same, in a transaction that holds the lock of the profile. @returns whether the run goes on: wake it after the commit. */
export async function decideWaitingPlan(
  context: ProfileContext,
  tx: Tx,
  profile: StoredProfile,
  runId: string,
  actor: Actor,
  input: PlanDecision,
): Promise<boolean> {
  const run = must(await lockPlannedRun(tx, runId));
  checkWaits(run);
  if (input.planHash != null && input.planHash.toLowerCase() !== run.planHash)
    throw new ConflictError('The plan of this run is another one than the one you looked at. Read it again.');
  const deciding = { context, tx, profile, run, actor, input };
  return readHeldCode(run.errorCode) === 'PartHeld' ? decideParts(deciding) : decideWhole(deciding);
}

interface Deciding {
  readonly context: ProfileContext;
  readonly tx: Tx;
  readonly profile: StoredProfile;
  readonly run: PlannedRun;
  readonly actor: Actor;
  readonly input: PlanDecision;
}

function checkWaits(run: PlannedRun): void {
  if (run.state === 'held' && holdsPlan(readHeldCode(run.errorCode)) && run.planHash !== null) return;
  if (run.state === 'held')
    throw new ConflictError(
      'The run stopped before there was a plan. Read its message, upload corrected files and start again.',
    );
  if (run.acceptedAt !== null)
    throw new ConflictError(
      `Nothing waits for a decision any more: ${run.acceptedBy ?? 'somebody'} let the run go on at ${run.acceptedAt.toISOString()}, and it is ${run.state} now.`,
    );
  throw new ConflictError(`No plan of this run waits for a decision: it is ${run.state}.`);
}

/** A preview, or a plan that waits as a whole. */
async function decideWhole({ context, tx, profile, run, actor, input }: Deciding): Promise<boolean> {
  const { newId } = context.system;
  const note = input.note ?? null;
  if (input.schools != null)
    throw new InvalidRequestError(
      'schools: This plan waits as a whole, and is decided as a whole.',
      'schools',
    );
  if (input.decision === 'rejected') {
    const message = `The plan was rejected${note === null ? '' : `: ${note}`}. Nothing of it was applied.`;
    await rejectRun(tx, run, { actor: actor.applicationId, newId, message, note });
    if (!run.planOnly && !isMadeFromDirectory(run.trigger)) await restoreRecordErrors(tx, profile.id);
    // Quietly: whoever rejects knows, and the same reason is told again when it comes back.
    if (!run.planOnly) await closeNotices(tx, profile.id);
    return false;
  }
  checkMayApply(profile, run);
  const by = { profileId: profile.id, actor: actor.applicationId, newId };
  await replaceWaitingRuns(tx, by, run.id);
  await replaceStalePlans(tx, by, run.id);
  await replaceQueuedPreviews(tx, by);
  const acceptance = { actor: actor.applicationId, newId, traceparent: actor.traceparent, note };
  await acceptRun(tx, toResumable(run), { ...acceptance, acceptVerdict: true });
  if (!(await readHolds(tx, run.id)).some(isOpen)) await acceptUnproven(tx, run.id);
  await markAccepted(tx, profile.id, run.id);
  await stepProfile(tx, profile, {
    event: 'resumed',
    actor: actor.applicationId,
    newId,
    detail: { runId: run.id, approved: true },
  });
  return true;
}

/** Parts of a plan whose rest is applied. Once the last of them is decided the run ends. */
async function decideParts({ context, tx, profile, run, actor, input }: Deciding): Promise<boolean> {
  const { newId } = context.system;
  const holds = (await readHolds(tx, run.id)).filter(isOpen);
  const schools = input.schools ?? null;
  const unknown = schools?.find(
    (school) => !holds.some(({ scope, id }) => scope === 'school' && id === school),
  );
  if (unknown !== undefined)
    throw new InvalidRequestError(
      `schools: Nothing of school '${unknown.slice(0, 64)}' waits. What waits: ${holds.map(({ id }) => id).join(', ')}.`,
      'schools',
    );
  if (input.decision === 'approved') checkMayApply(profile, run);
  const note = input.note ?? null;
  await decideHolds(tx, run.id, { decision: input.decision, schools, actor: actor.applicationId, note });
  if (input.decision === 'approved') {
    await recountHeld(tx, run.id);
    if (schools === null) await acceptUnproven(tx, run.id);
  }
  const left = holds.filter(
    ({ scope, id }) => schools !== null && !(scope === 'school' && schools.includes(id)),
  );
  // A part that was turned down while others wait: the run waits on, and says for what.
  if (input.decision === 'rejected' && left.length > 0) {
    const waiting = left.reduce((sum, { itemCount }) => sum + itemCount, 0);
    await saveRunMessage(tx, run.id, describeHeldParts(left, (await readPlanSize(tx, run.id)) > waiting));
    return false;
  }
  // The end of the run is queued, and one run of a profile is at most: the run of an expiration may stand there, or of its undo.
  if (run.otherUnderWay) throw otherUnderWay();
  await replaceQueuedPreviews(tx, { profileId: profile.id, actor: actor.applicationId, newId });
  const acceptance = { actor: actor.applicationId, newId, traceparent: actor.traceparent, note };
  // A rejection brings nothing in: the pass that was applied was the last, and plans that were made after it stand.
  await acceptRun(tx, toResumable(run), { ...acceptance, nextPass: input.decision === 'approved' });
  await stepProfile(tx, profile, {
    event: 'resumed',
    actor: actor.applicationId,
    newId,
    detail: { runId: run.id, [input.decision]: schools ?? 'all' },
  });
  return true;
}

function checkMayApply(profile: StoredProfile, run: PlannedRun): void {
  if (profile.pausedAt)
    throw new ConflictError('The profile is paused. Resume it first, then approve the plan.');
  checkMayRun(profile, run.trigger);
  if (run.otherUnderWay) throw otherUnderWay();
  if (run.stale)
    throw new ConflictError(
      'The plan is stale: another run has changed the directory since it was made. Make a new plan, or upload and start again.',
    );
}

function otherUnderWay(): ConflictError {
  return new ConflictError(
    'Another run of the profile is under way. Wait until it has ended, then look at the plan again.',
  );
}

function toResumable(run: PlannedRun): ResumableRun {
  const { id, state, errorCode, trigger } = run;
  return { id, state, errorCode, trigger, confirmedFiles: [], filesToConfirm: [] };
}
