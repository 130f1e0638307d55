import { inTenant } from '#storage/database.ts';
import { deleteRecordErrors } from '#storage/profiles/record-errors.ts';
import { saveReset } from '#storage/profiles/save-profile.ts';
import { changeGeneration } from '#storage/runs/batch-fence.ts';
import { cancelRuns } from '#storage/runs/enqueue-run.ts';
import { forgetFolderTaken } from '#storage/schedule/profile-schedule.ts';

import { mustLockProfile, type Actor, type ProfileContext } from './profile-context.ts';
import { stepProfile } from './step-profile.ts';

/**
 * Restarts a profile from scratch. What waits is cancelled and an executing run asked to stop; recorded errors, quarantine and
 * the count of broken runs are gone; the snapshot is stale, so the next run compares every record with the directory.
 * Nothing in the directory is deleted, a pause stays, and the next run needs files again: upload and start. Those in a watched folder are
 * taken again.
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
    await forgetFolderTaken(tx, profile.id);
    await saveReset(tx, profile.id);
  });
}
