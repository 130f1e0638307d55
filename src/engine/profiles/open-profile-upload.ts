import { PROVIDER_NAMES } from '#core/run/profile.ts';
import { openUploadWithKey } from '#files/open-upload-with-key.ts';
import { InvalidRequestError } from '#lib/errors.ts';
import { inTenant } from '#storage/database.ts';

import { mustFindProfile, type Actor, type ProfileContext } from './profile-context.ts';
import { checkStep } from './step-profile.ts';

/**
 * The upload that takes files for the next start of a profile, made when there is none.
 * Errors: NotFoundError; InvalidRequestError unless the provider is CSV; ConflictError when the profile is not provisioned,
 * or a start takes the files right now.
 */
export async function openProfileUpload(
  context: ProfileContext,
  actor: Actor,
  profileId: string,
): Promise<{ readonly profileId: string; readonly uploadId: string }> {
  return inTenant(context.db, actor.tenantId, async (tx) => {
    const profile = await mustFindProfile(tx, profileId);
    const { type } = profile.dataProvider;
    if (type !== 'csv')
      throw new InvalidRequestError(
        `Only profiles with a CSV data provider take files; this one has the provider ${PROVIDER_NAMES[type]}.`,
      );
    checkStep(profile, 'started');
    const { uploadId } = await openUploadWithKey(tx, context, profile.id);
    return { profileId: profile.id, uploadId };
  });
}
