import type { FastifyReply, FastifyRequest } from 'fastify';

import { deriveProfileStatus, type StatusView } from '#core/run/profile-status.ts';
import { getStatusFacts } from '#engine/profiles/read-profiles.ts';
import { shareReads } from '#lib/share-reads.ts';

import { applyPreference, preferencesOf } from '../../odata/prefer.ts';
import { contextOf, profileIdOf, PROFILES, type ProfileRoutes } from './profile-route.ts';

const NEW_MEMBERS = 'include-unknown-enum-members';

/**
 * GET /education/synchronizationProfiles/{id}/profileStatus, from one statement, which all share who poll the same profile. extracting and validating are for clients
 * that send `Prefer: include-unknown-enum-members`; others see inProgress.
 */
export function registerGetProfileStatus({ scope, context, mayRead }: ProfileRoutes): void {
  const readFacts = shareReads((tenantId: string, id: string) =>
    getStatusFacts(context.profiles, tenantId, id),
  );
  scope.get(`${PROFILES}/:id/profileStatus`, { onRequest: mayRead }, async (request, reply) => {
    const id = profileIdOf(request).toLowerCase();
    const facts = await readFacts(request.caller.tenantId, id);
    const view = deriveProfileStatus(facts, heedNewMembers(request, reply));
    return {
      '@odata.context': contextOf(request, `('${id}')/profileStatus/$entity`),
      ...statusJson(id, view),
    };
  });
}

/** Whether the client knows extracting and validating; the answer says that this was heeded. */
export function heedNewMembers(request: FastifyRequest, reply: FastifyReply): boolean {
  const newMembers = preferencesOf(request).has(NEW_MEMBERS);
  if (newMembers) applyPreference(reply, NEW_MEMBERS);
  return newMembers;
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
