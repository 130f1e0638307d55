import { inTenant } from '#storage/database.ts';
import { cancelRuns } from '#storage/runs/enqueue-run.ts';

import { mustLockProfile, type Actor, type ProfileContext } from './profile-context.ts';
import { stepProfile } from './step-profile.ts';

/**
 * Accepts the deletion of a profile: what waits is cancelled, an executing run is asked to stop, and the job does the rest
 * (profile-jobs). Links, and what is in the directory, stay. Errors: NotFoundError, ConflictError.
 */
export async function deleteProfile(context: ProfileContext, actor: Actor, profileId: string): Promise<void> {
  const { newId } = context.system;
  const id = await inTenant(context.db, actor.tenantId, async (tx) => {
    const profile = await mustLockProfile(tx, profileId);
    await stepProfile(tx, profile, { event: 'deleteRequested', actor: actor.applicationId, newId });
    await cancelRuns(tx, { profileId: profile.id, actor: actor.applicationId, newId });
    return profile.id;
  });
  context.wakeProfile(actor.tenantId, id);
}
