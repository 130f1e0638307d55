import { startProfile } from '#engine/profiles/start-profile.ts';

import {
  actorOf,
  metadataOf,
  profileIdOf,
  PROFILES,
  refuseParameters,
  type ProfileRoutes,
} from './profile-route.ts';

/**
 * POST /education/synchronizationProfiles/{id}/start: 200 with the messages so far, or 400 with the messages when validation
 * stopped the run (docs/spec/status.md). Answers when the files are validated, or START_WAIT_SECONDS are over.
 */
export function registerStartProfile({ scope, context, mayWrite }: ProfileRoutes): void {
  scope.post(`${PROFILES}/:id/start`, { onRequest: mayWrite }, async (request, reply) => {
    refuseParameters(request.body);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const { stopped, messages } = await startProfile(
      context.profiles,
      actorOf(request),
      profileIdOf(request),
      gone.signal,
    );
    reply.code(stopped ? 400 : 200);
    return {
      '@odata.context': `${metadataOf(request)}#education/Collection(microsoft.graph.verificationMessage)`,
      value: messages.map(({ type, fileName, description }) => ({ type, fileName, description })),
    };
  });
}
