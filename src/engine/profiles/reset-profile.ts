import { inTenant } from '#storage/database.ts';
import { closeNotices } from '#storage/notices/raise-notice.ts';
import { deleteRecordErrors } from '#storage/profiles/record-errors.ts';
import { saveReset } from '#storage/profiles/save-profile.ts';
import { changeGeneration } from '#storage/runs/batch-fence.ts';
import { cancelRuns } from '#storage/runs/enqueue-run.ts';

import { mustLockProfile, type Actor, type ProfileContext } from './profile-context.ts';
import { stepProfile } from './step-profile.ts';

/**
 * Restarts a profile from scratch. What waits is cancelled and an executing run asked to stop; recorded errors, open notices, quarantine and
 * the count of broken runs are gone; the snapshot is stale, so the next run compares every record with the directory.
 * Nothing in the directory is deleted, a pause stays, and the next run needs files again: upload and start.
 * Errors: NotFoundError, ConflictError.
 */
export async function resetProfile(context: ProfileContext, actor: Actor, profileId: string): Promise<void> {
  const { newId } = context.system;
  await inTenant(context.db, actor.tenantId, async (tx) => {
    const profile = await mustLockProfile(tx, profileId);
    await stepProfile(tx, profile, { event: 'reset', actor: actor.applicationId, newId });
    await cancelRuns(tx, { profileId: profile.id, actor: actor.applicationId, newId });
    await deleteRecordErrors(tx, profile.id);
    await changeGeneration(tx, profile.sourceSystemId);
    await saveReset(tx, profile.id);
    // Quietly: whoever resets knows, and the same reason is told again when it comes back.
    await closeNotices(tx, profile.id);
  });
}
