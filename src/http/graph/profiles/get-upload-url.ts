import { signUploadUrl, UPLOAD_SIGNATURE_PURPOSE, UPLOAD_URL_LIFETIME_MS } from '#access/upload-signature.ts';
import { openProfileUpload } from '#engine/profiles/open-profile-upload.ts';

import { containersUrl } from '../../uploads/register-uploads.ts';
import { actorOf, metadataOf, profileIdOf, PROFILES, type ProfileRoutes } from './profile-route.ts';

/** GET /education/synchronizationProfiles/{id}/uploadUrl: a write-only URL for an hour; 409 while a start takes the files. */
export function registerGetUploadUrl({ scope, context, mayWrite }: ProfileRoutes): void {
  const key = context.secretBox.deriveKey(UPLOAD_SIGNATURE_PURPOSE, 32);
  scope.get(`${PROFILES}/:id/uploadUrl`, { onRequest: mayWrite, exposeHeadRoute: false }, async (request) => {
    const actor = actorOf(request);
    const { profileId, uploadId } = await openProfileUpload(context.profiles, actor, profileIdOf(request));
    return {
      '@odata.context': `${metadataOf(request)}#String`,
      value: signUploadUrl({
        tenantId: actor.tenantId,
        profileId,
        uploadId,
        expiresAt: new Date(context.system.now().getTime() + UPLOAD_URL_LIFETIME_MS),
        baseUrl: containersUrl(request.baseUrl),
        key,
      }),
    };
  });
}
