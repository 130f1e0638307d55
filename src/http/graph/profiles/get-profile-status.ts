import type { StatusView } from '#core/run/profile-status.ts';
import { getProfileStatus } from '#engine/profiles/read-profiles.ts';

import { applyPreference, preferencesOf } from '../../odata/prefer.ts';
import { contextOf, profileIdOf, PROFILES, type ProfileRoutes } from './profile-route.ts';

const NEW_MEMBERS = 'include-unknown-enum-members';

/**
 * GET /education/synchronizationProfiles/{id}/profileStatus, from one statement. extracting and validating are for clients
 * that send `Prefer: include-unknown-enum-members`; others see inProgress.
 */
export function registerGetProfileStatus({ scope, context, mayRead }: ProfileRoutes): void {
  scope.get(`${PROFILES}/:id/profileStatus`, { onRequest: mayRead }, async (request, reply) => {
    const id = profileIdOf(request).toLowerCase();
    const newMembers = preferencesOf(request).has(NEW_MEMBERS);
    const view = await getProfileStatus(context.profiles, request.caller.tenantId, id, newMembers);
    if (newMembers) applyPreference(reply, NEW_MEMBERS);
    return {
      '@odata.context': contextOf(request, `('${id}')/profileStatus/$entity`),
      ...statusJson(id, view),
    };
  });
}

/** The status as every answer shows it. */
export function statusJson(id: string, view: StatusView): Record<string, unknown> {
  return {
    id,
    status: view.status,
    lastSynchronizationDateTime: view.lastSynchronizationAt?.toISOString() ?? null,
    lastActivityDateTime: view.lastActivityAt?.toISOString() ?? null,
    errorCount: view.errorCount,
    statusMessage: view.statusMessage,
  };
}
