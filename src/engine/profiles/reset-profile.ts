import { ALL_RESET_SCOPES, type ResetScope } from '#core/run/reset-scopes.ts';
import { ConflictError } from '#lib/errors.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import { emptyEscrow } from '#storage/escrow/drop-escrow.ts';
import { closeNotices } from '#storage/notices/raise-notice.ts';
import { hurryBrokenRuns, leaveQuarantine } from '#storage/profiles/quarantine.ts';
import { deleteErrorsBesideEscrow } from '#storage/profiles/record-errors.ts';
import type { StoredProfile } from '#storage/profiles/profile-row.ts';
import { forgetBrokenRuns, forgetWatermark } from '#storage/profiles/save-profile.ts';
import { changeGeneration } from '#storage/runs/batch-fence.ts';
import { cancelRuns } from '#storage/runs/enqueue-run.ts';
import { hasPlannedRun } from '#storage/runs/has-planned-run.ts';
import { forgetFolderTaken } from '#storage/schedule/profile-schedule.ts';

import { mustLockProfile, type Actor, type ProfileContext } from './profile-context.ts';
import { stepProfile } from './step-profile.ts';

/** What a reset has forgotten. */
export interface ResetResult {
  readonly scopes: readonly ResetScope[];
  /** Errors of dropped rows. */
  readonly errors: number;
  /** Records in escrow, with their errors. */
  readonly escrow: number;
  readonly leftQuarantine: boolean;
}

/**
 * Restarts a profile from scratch, or the parts of it that are named (core/run/reset-scopes); none named: all of them, as Graph's
 * reset. Nothing in the directory is deleted, and a pause stays. With `watermark`, what waits is cancelled, an executing run asked to stop,
 * and the next run needs files again: upload and start. With `quarantine`, a run that broke off is tried at once.
 * Errors: NotFoundError; ConflictError, for the snapshot alone also while a plan that was made with it is not through.
 */
export async function resetProfile(
  context: ProfileContext,
  actor: Actor,
  profileId: string,
  scopes: ReadonlySet<ResetScope> = ALL_RESET_SCOPES,
): Promise<ResetResult> {
  const { newId } = context.system;
  const by = actor.applicationId;
  const { result, hurried } = await inTenant(context.db, actor.tenantId, async (tx) => {
    const profile = await mustLockProfile(tx, profileId);
    await stepProfile(tx, profile, { event: 'reset', actor: by, newId, detail: { scopes: [...scopes] } });
    if (scopes.has('watermark')) {
      await cancelRuns(tx, { profileId: profile.id, actor: by, newId });
      await forgetWatermark(tx, profile.id);
    }
    if (scopes.has('snapshot')) await forgetSnapshot(tx, profile, scopes);
    // Quietly: whoever resets knows, and the same reason is told again when it comes back.
    if (scopes.has('watermark')) await closeNotices(tx, profile.id);
    if (scopes.has('watermark')) await forgetFolderTaken(tx, profile.id);
    const errors = scopes.has('errors') ? await deleteErrorsBesideEscrow(tx, profile.id) : 0;
    const escrow = scopes.has('escrow') ? await emptyEscrow(tx, profile.id) : 0;
    const leaves = scopes.has('quarantine');
    if (leaves) {
      await forgetBrokenRuns(tx, profile.id);
      await leaveQuarantine(tx, profile.id);
    }
    return {
      result: {
        scopes: [...scopes],
        errors,
        escrow,
        leftQuarantine: leaves && profile.quarantinedAt !== null,
      },
      hurried: leaves ? await hurryBrokenRuns(tx, profile.id) : [],
    };
  });
  for (const runId of hurried) await context.wakeRun(actor.tenantId, runId);
  return result;
}

/** A plan that is not through promotes the snapshot of its own stage at its end: it would be back in a moment. */
async function forgetSnapshot(
  tx: Tx,
  profile: StoredProfile,
  scopes: ReadonlySet<ResetScope>,
): Promise<void> {
  if (!scopes.has('watermark') && (await hasPlannedRun(tx, profile.id)))
    throw new ConflictError(
      'The snapshot cannot be reset while a plan that was made with it is applied or waits. Wait for the run, or reset the watermark as well, which cancels it.',
    );
  await changeGeneration(tx, profile.sourceSystemId);
}
