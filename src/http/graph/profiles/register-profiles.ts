import type { FastifyInstance } from 'fastify';

import type { HttpContext } from '../../context.ts';
import { registerCreateProfile } from './create-profile.ts';
import { registerDeleteProfile } from './delete-profile.ts';
import { registerGetProfile } from './get-profile.ts';
import { registerGetProfileStatus } from './get-profile-status.ts';
import { registerGetUploadUrl } from './get-upload-url.ts';
import { registerListErrors } from './list-errors.ts';
import { registerListProfiles } from './list-profiles.ts';
import { registerPauseProfile } from './pause-profile.ts';
import { profileRoutes } from './profile-route.ts';
import { registerResetProfile } from './reset-profile.ts';
import { registerResumeProfile } from './resume-profile.ts';
import { registerStartProfile } from './start-profile.ts';
import { registerUpdateProfile } from './update-profile.ts';

/** The twelve operations on synchronization profiles. `scope`: that of /beta. */
export function registerProfiles(scope: FastifyInstance, context: HttpContext): void {
  const routes = profileRoutes(scope, context);
  for (const register of [
    registerListProfiles,
    registerCreateProfile,
    registerGetProfile,
    registerUpdateProfile,
    registerDeleteProfile,
    registerPauseProfile,
    registerResumeProfile,
    registerResetProfile,
    registerStartProfile,
    registerGetUploadUrl,
    registerGetProfileStatus,
    registerListErrors,
  ])
    register(routes);
}
