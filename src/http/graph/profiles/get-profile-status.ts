import type { FastifyReply, FastifyRequest } from 'fastify';

import { deriveProfileStatus, type StatusView } from '#core/run/profile-status.ts';
import { getStatusFacts } from '#engine/profiles/read-profiles.ts';
import { shareReads } from '#lib/share-reads.ts';

import { contextUrl } from '../../odata/context-url.ts';
import { applyPreference, preferencesOf } from '../../odata/prefer.ts';
import { readQuery } from '../../odata/read-query.ts';
import { PROFILE_STATUS } from './profile-catalogue.ts';
import { profileIdOf, PROFILES, type ProfileRoutes } from './profile-route.ts';
import { selectProperties } from './select-properties.ts';

const NEW_MEMBERS = 'include-unknown-enum-members';

/**
 * GET /education/synchronizationProfiles/{id}/profileStatus, from one statement, which all share who poll the same profile. extracting and validating are for clients
 * that send `Prefer: include-unknown-enum-members`; others see inProgress.
 */
export function registerGetProfileStatus({ scope, context, mayRead }: ProfileRoutes): void {
  const readFacts = shareReads((tenantId: string, id: string) =>
    getStatusFacts(context.profiles, tenantId, id),
  );
  scope.get(
    `${PROFILES}/:id/profileStatus`,
    { onRequest: mayRead, config: { queryOptions: ['$select'] } },
    async (request, reply) => {
      const { select } = readQuery(request, PROFILE_STATUS);
      const id = profileIdOf(request).toLowerCase();
      const facts = await readFacts(request.caller.tenantId, id);
      const view = deriveProfileStatus(facts, heedNewMembers(request, reply));
      const root = { baseUrl: request.baseUrl, version: 'beta' };
      const set = `education/synchronizationProfiles('${id}')/profileStatus`;
      return {
        '@odata.context': contextUrl(root, set, { select, entity: true }),
        ...selectProperties(statusJson(id, view), select),
      };
    },
  );
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
