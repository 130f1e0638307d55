import { PROVIDER_NAMES, providerRuns } from '#core/run/profile.ts';
import { ConflictError, InvalidRequestError } from '#lib/errors.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import type { StoredProfile } from '#storage/profiles/profile-row.ts';
import { insertQueuedRun, readQueuedRun, replaceWaitingRuns } from '#storage/runs/enqueue-run.ts';
import { hasOpenFiles, newestSealedUpload } from '#storage/uploads/uploads-to-plan.ts';
import { sealUpload } from '#storage/uploads/seal-upload.ts';

import { mustLockProfile, type Actor, type ProfileContext } from './profile-context.ts';
import { checkStep } from './step-profile.ts';

/**
 * Opens a preview: a run that reads, checks and plans, and then waits for an approval of its plan; the status does not show it. It
 * takes the uploaded files; where there are none, those that were taken last. A paused profile can be planned, too.
 * Errors: NotFoundError; InvalidRequestError when there are no files at all; ConflictError when the profile is not provisioned, or a
 * sync is queued already.
 * @returns the id of the run.
 */
export async function planProfile(context: ProfileContext, actor: Actor, profileId: string): Promise<string> {
  const { newId } = context.system;
  const { runId, garbage } = await inTenant(context.db, actor.tenantId, async (tx) => {
    const profile = await mustLockProfile(tx, profileId);
    const { type } = profile.dataProvider;
    if (!providerRuns(type))
      throw new InvalidRequestError(
        `This version of Rollbook does not run ${PROVIDER_NAMES[type]} profiles yet; only CSV profiles can be planned.`,
      );
    checkStep(profile, 'started');
    const queued = await readQueuedRun(tx, profile.id);
    if (queued !== null && !queued.planOnly)
      throw new ConflictError('A sync of this profile is queued. Wait until it has ended, then make a plan.');
    const { uploadId, garbage: dropped } = await takeFiles(tx, profile);
    await replaceWaitingRuns(tx, { profileId: profile.id, actor: actor.applicationId, newId }, null, true);
    const id = newId();
    await insertQueuedRun(tx, {
      id,
      profileId: profile.id,
      uploadId,
      requestedBy: actor.applicationId,
      newId,
      planOnly: true,
      trigger: 'plan',
      traceparent: actor.traceparent,
    });
    return { runId: id, garbage: dropped };
  });
  await context.wakeRun(actor.tenantId, runId);
  if (garbage.length > 0) await context.removeObjects(garbage);
  return runId;
}

async function takeFiles(
  tx: Tx,
  profile: StoredProfile,
): Promise<{ uploadId: string; garbage: readonly string[] }> {
  if (await hasOpenFiles(tx, profile.id)) {
    const sealed = await sealUpload(tx, profile.id);
    if (sealed !== undefined && sealed.files.length > 0)
      return { uploadId: sealed.uploadId, garbage: sealed.garbage };
  }
  const uploadId = await newestSealedUpload(tx, profile.id);
  if (uploadId === null)
    throw new InvalidRequestError(
      'There are no files to plan with. Get the uploadUrl of the profile, upload the files to it, then plan.',
    );
  return { uploadId, garbage: [] };
}
