import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { READ_PROFILES } from '#core/permissions.ts';
import { isFinal, type RunState } from '#core/run/run-state.ts';
import { getProfileStatus } from '#engine/profiles/read-profiles.ts';
import { getRunRow } from '#engine/profiles/read-runs.ts';
import { NotFoundError } from '#lib/errors.ts';

import { isStillAllowed, requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { EVENT_LIMITS, eventHub, eventOf, type Snapshot } from '../events/event-hub.ts';
import { openEventStream } from '../events/event-stream.ts';
import { profileIdOf } from '../graph/profiles/profile-route.ts';
import { statusJson } from '../graph/profiles/get-profile-status.ts';
import { runJson } from './run-json.ts';

/**
 * GET /api/v1/runs/{id}/events and /api/v1/profiles/{id}/events: server-sent events, the state now and then every change. That of a run
 * ends when the run is final or waits for somebody; a client that has seen the end and comes back is told 204. It ends as well when the token is
 * good no more, or the permission was taken away.
 */
export function registerFollowEvents(scope: FastifyInstance, context: HttpContext): void {
  const limits = { ...EVENT_LIMITS, ...context.settings.eventLimits };
  const { system } = context;
  const hub = eventHub(
    system,
    limits,
    (error) => {
      context.log.warn({ err: error }, 'what is followed could not be read and is looked at again');
    },
    () => context.changes?.isLive() ?? false,
  );
  const unsubscribe = context.changes?.subscribe((change) => hub.wake(change));
  scope.addHook('preClose', (done) => {
    unsubscribe?.();
    hub.close();
    done();
  });
  const options = {
    onRequest: requirePermission(context, READ_PROFILES),
    // A HEAD would hold a connection for nothing.
    exposeHeadRoute: false,
  };

  const follow = async (
    request: FastifyRequest,
    reply: FastifyReply,
    kind: string,
    read: () => Promise<Snapshot>,
  ): Promise<FastifyReply> => {
    const { tenantId } = request.caller;
    const leave = hub.admit(tenantId);
    try {
      // Whatever is wrong with the request is said before the stream begins.
      const now = await read();
      const lastId = [request.headers['last-event-id']].flat()[0];
      if (now.ends && eventOf(now).id === lastId) {
        leave();
        return await reply.code(204).send();
      }
      // Gone while it was read: its end was told already, and would not be told again.
      if (reply.raw.destroyed) {
        leave();
        reply.hijack();
        return reply;
      }
      let unwatch = (): void => undefined;
      const mayGoOn = (): Promise<boolean> => isStillAllowed(context, request, READ_PROFILES);
      const listener = openEventStream(reply, { system, limits, lastId, mayGoOn }, () => {
        leave();
        unwatch();
      });
      const key = `${kind} ${tenantId} ${profileIdOf(request).toLowerCase()}`;
      unwatch = hub.watch(key, () => read().catch(nullWhenGone), listener);
      return reply;
    } catch (error) {
      leave();
      throw error;
    }
  };

  scope.get('/runs/:id/events', options, (request, reply) => {
    const { tenantId } = request.caller;
    const id = profileIdOf(request);
    return follow(request, reply, 'run', async () => {
      const run = await getRunRow(context.profiles, tenantId, id);
      return { event: 'run', json: runJson(run), ends: staysAsItIs(run.state) };
    });
  });

  scope.get('/profiles/:id/events', options, (request, reply) => {
    const { tenantId } = request.caller;
    const id = profileIdOf(request).toLowerCase();
    return follow(request, reply, 'profile', async () => {
      const view = await getProfileStatus(context.profiles, tenantId, id, false);
      return { event: 'status', json: statusJson(id, view), ends: false };
    });
  });
}

/** Final, or waiting for a decision of somebody. A broken run is tried again by itself. */
function staysAsItIs(state: RunState): boolean {
  return isFinal(state) || state === 'held' || state === 'suspended';
}

function nullWhenGone(error: unknown): null {
  if (error instanceof NotFoundError) return null;
  throw error;
}
