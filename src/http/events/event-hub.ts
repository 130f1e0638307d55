import { createHash } from 'node:crypto';

import { TooManyRequestsError } from '#access/access-errors.ts';
import type { System } from '#lib/system.ts';

/** Something as it is now, for those who watch it. */
export interface Snapshot {
  readonly event: 'run' | 'status';
  readonly json: unknown;
  /** It will not change any more by itself: whoever watches it has seen the end. */
  readonly ends: boolean;
}

export interface FeedEvent {
  /** A hash of the data: the same in every process, and after a restart, so that a client goes on anywhere. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
  readonly ends: boolean;
}

export interface Listener {
  /** Told what is now, then every change. */
  send(this: void, event: FeedEvent): void;
  /** Nothing more will come. */
  end(this: void): void;
}

export interface EventLimits {
  /** Connections of one tenant, and of all together, in this process. */
  readonly perTenant: number;
  readonly inAll: number;
  /** Between two looks at what is watched, while nobody says when it changes. */
  readonly pollMs: number;
  /** The same while changes are told of (`isTold`), in case one is missed. */
  readonly toldPollMs: number;
  /** Between two looks at least, however fast it changes. */
  readonly closestMs: number;
  readonly heartbeatMs: number;
  /** A connection is ended after so long; its client comes back with a token that is valid. */
  readonly lifeMs: number;
}

export const EVENT_LIMITS: EventLimits = {
  perTenant: 50,
  inAll: 500,
  pollMs: 500,
  toldPollMs: 5_000,
  closestMs: 50,
  heartbeatMs: 15_000,
  lifeMs: 3_600_000,
};

export interface EventHub {
  /** Takes a connection of the tenant. @returns what gives it back. Throws TooManyRequestsError. */
  admit(tenantId: string): () => void;
  /**
   * Lets a listener watch what `key` names. However many watch the same, `read` is called once per look; null: it is gone.
   * @returns what takes the listener off.
   */
  watch(key: string, read: () => Promise<Snapshot | null>, listener: Listener): () => void;
  /** What `key` names may have changed: it is looked at soon. Null: everything may have. */
  wake(key: string | null): void;
  /** Ends every listener, and all that come later. */
  close(): void;
}

export function eventOf({ event, json, ends }: Snapshot): FeedEvent {
  const data = JSON.stringify(json);
  return { id: createHash('sha256').update(data).digest('base64url').slice(0, 22), event, data, ends };
}

interface Feed {
  readonly listeners: Set<Listener>;
  readonly stop: AbortController;
  /** Aborted by a wake-up; a new one for each look. */
  nudge: AbortController;
  latest: FeedEvent | null;
}

const RETRY_AFTER_SECONDS = 30;

/** `isTold`: whether somebody calls `wake` at changes now. */
export function eventHub(
  system: System,
  limits: EventLimits,
  onFailure: (error: unknown) => void,
  isTold: () => boolean = () => false,
): EventHub {
  const feeds = new Map<string, Feed>();
  const connectionsByTenant = new Map<string, number>();
  let connections = 0;
  let closed = false;

  const finish = (key: string, feed: Feed): void => {
    feed.stop.abort();
    if (feeds.get(key) === feed) feeds.delete(key);
    for (const listener of feed.listeners) listener.end();
    feed.listeners.clear();
  };

  const publish = (feed: Feed, event: FeedEvent): void => {
    if (feed.latest?.id === event.id) return;
    feed.latest = event;
    for (const listener of feed.listeners) listener.send(event);
  };

  const look = async (key: string, feed: Feed, read: () => Promise<Snapshot | null>): Promise<void> => {
    let failing = false;
    while (!feed.stop.signal.aborted) {
      // Before the look: a change while it is read is looked at again.
      feed.nudge = new AbortController();
      const { signal: nudged } = feed.nudge;
      try {
        const snapshot = await read();
        if (feed.stop.signal.aborted) return;
        failing = false;
        if (snapshot !== null) publish(feed, eventOf(snapshot));
        if (snapshot === null || snapshot.ends) return finish(key, feed);
      } catch (error) {
        // A database that is away comes back; whoever watches hears of it then.
        if (!failing) onFailure(error);
        failing = true;
      }
      await system.sleep(limits.closestMs, feed.stop.signal);
      const pauseMs = isTold() ? limits.toldPollMs : limits.pollMs;
      await system.sleep(
        Math.max(0, pauseMs - limits.closestMs),
        AbortSignal.any([feed.stop.signal, nudged]),
      );
    }
  };

  return {
    admit(tenantId) {
      const own = connectionsByTenant.get(tenantId) ?? 0;
      if (own >= limits.perTenant || connections >= limits.inAll)
        throw new TooManyRequestsError(
          'Too many connections follow events already. Close some of them, or ask for the run every few seconds instead.',
          RETRY_AFTER_SECONDS,
        );
      connections += 1;
      connectionsByTenant.set(tenantId, own + 1);
      let given = false;
      return () => {
        if (given) return;
        given = true;
        connections -= 1;
        const left = (connectionsByTenant.get(tenantId) ?? 1) - 1;
        if (left === 0) connectionsByTenant.delete(tenantId);
        else connectionsByTenant.set(tenantId, left);
      };
    },
    watch(key, read, listener) {
      if (closed) {
        listener.end();
        return () => undefined;
      }
      let feed = feeds.get(key);
      if (feed === undefined) {
        feed = {
          listeners: new Set(),
          stop: new AbortController(),
          nudge: new AbortController(),
          latest: null,
        };
        feeds.set(key, feed);
        void look(key, feed, read);
      }
      const watched = feed;
      watched.listeners.add(listener);
      if (watched.latest !== null) listener.send(watched.latest);
      return () => {
        watched.listeners.delete(listener);
        if (watched.listeners.size === 0) finish(key, watched);
      };
    },
    wake(key) {
      if (key === null) for (const feed of feeds.values()) feed.nudge.abort();
      else feeds.get(key)?.nudge.abort();
    },
    close() {
      closed = true;
      for (const [key, feed] of feeds) finish(key, feed);
    },
  };
}
