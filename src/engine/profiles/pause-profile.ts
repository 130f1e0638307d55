import { ConflictError } from '#lib/errors.ts';
import { inTenant } from '#storage/database.ts';
import { savePause } from '#storage/profiles/save-profile.ts';
import { suspendWaitingRuns } from '#storage/runs/enqueue-run.ts';

import { mustLockProfile, type Actor, type ProfileContext } from './profile-context.ts';
import { checkStep, stepProfile } from './step-profile.ts';

/**
 * Pauses a profile until somebody resumes it. What waits in the queue is suspended here; an executing run sees it between
 * two batches. The status is `paused` at once. Errors: NotFoundError, ConflictError.
 */
export async function pauseProfile(
  context: ProfileContext,
  actor: Actor,
  profileId: string,
  because: string | null = null,
): Promise<void> {
  const { newId } = context.system;
  await inTenant(context.db, actor.tenantId, async (tx) => {
    const profile = await mustLockProfile(tx, profileId);
    checkStep(profile, 'paused');
    if (profile.pausedAt)
      throw new ConflictError(
        `The profile is paused already, since ${profile.pausedAt.toISOString()}. Resume it to go on.`,
      );
    await savePause(tx, profile.id, profile.now, because);
    await suspendWaitingRuns(tx, { profileId: profile.id, actor: actor.applicationId, newId });
    await stepProfile(tx, profile, {
      event: 'paused',
      actor: actor.applicationId,
      newId,
      ...(because === null ? {} : { detail: { because } }),
    });
  });
}
