import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';

import { Client } from 'pg';

import { type DatabaseAddress, KEEP_ALIVE } from './database.ts';

/** The channel of migration 0019. */
const CHANNEL = 'rollbook_changes';
/** So long a server may take to say goodbye. */
const GOODBYE_MS = 1_000;
const CHANGE = /^(?:run|profile) [0-9a-f-]{36} [0-9a-f-]{36}$/u;

export interface ChangeFeed {
  /** Whether changes are heard of now: a greeting of our own came back a moment ago. */
  isLive(this: void): boolean;
  /**
   * `listener` is told what may have changed, `run <tenant> <id>` or `profile <tenant> <id>`; null: anything may have, since some were
   * perhaps not heard. @returns what takes it off.
   */
  subscribe(this: void, listener: (change: string | null) => void): () => void;
  stop(): Promise<void>;
}

export interface ChangeFeedOptions {
  /** Between two greetings; one that does not come back within that time means that the connection is dead, or a pooler in between. */
  readonly greetMs?: number;
  readonly reconnectMs?: number;
  /** Told once per outage. */
  readonly onLost?: (error: Error) => void;
}

/**
 * Hears what other processes change (LISTEN), on a connection of its own, which is made again whenever it breaks. Notifications only say
 * where to look: what is missed, a look from time to time finds.
 */
export function followChanges(address: DatabaseAddress, options: ChangeFeedOptions = {}): ChangeFeed {
  const { greetMs = 15_000, reconnectMs = 1_000 } = options;
  const listeners = new Set<(change: string | null) => void>();
  const stopping = new AbortController();
  let live = false;
  const tell = (change: string | null): void => {
    for (const listener of listeners) listener(change);
  };

  const listen = async (): Promise<void> => {
    const client = new Client({
      connectionString: address.appConnectionString,
      application_name: 'rollbook changes',
      connectionTimeoutMillis: greetMs,
      query_timeout: greetMs,
      ...KEEP_ALIVE,
    });
    const lost = new AbortController();
    let reason = new Error('the connection for notifications ended');
    client.on('error', (error) => {
      reason = error;
      lost.abort();
    });
    client.on('end', () => lost.abort());
    const end = AbortSignal.any([lost.signal, stopping.signal]);
    // Whatever it waits for then fails, also where nobody answers any more. Of a connection that is still being made pg says nothing then.
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    const onStop = (): void => {
      reject(new Error('the feed is stopped'));
      void hangUp(client);
    };
    stopping.signal.addEventListener('abort', onStop);
    try {
      await Promise.race([client.connect(), stopped]);
      let answered = false;
      const greeting = `hello ${crypto.randomUUID()}`;
      client.on('notification', ({ payload = '' }) => {
        if (CHANGE.test(payload)) tell(payload);
        if (payload !== greeting) return;
        answered = true;
        if (live) return;
        live = true;
        tell(null);
      });
      await client.query(`listen ${CHANNEL}`);
      while (!end.aborted) {
        answered = false;
        await client.query('select pg_notify($1, $2)', [CHANNEL, greeting]);
        await wait(greetMs, undefined, { signal: end }).catch(() => undefined);
        if (!end.aborted && !answered) throw new Error('no notification came through');
      }
      if (!stopping.signal.aborted) throw reason;
    } finally {
      client.removeAllListeners('notification');
      await hangUp(client);
      stopping.signal.removeEventListener('abort', onStop);
    }
  };

  const following = (async () => {
    let complained = false;
    while (!stopping.signal.aborted) {
      await listen().catch((error: unknown) => {
        const wasLive = live;
        live = false;
        if (wasLive) complained = false;
        if (!complained) options.onLost?.(error instanceof Error ? error : new Error(String(error)));
        complained = true;
        // From now on they look oftener.
        tell(null);
      });
      await wait(reconnectMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();

  return {
    isLive: () => live,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async stop() {
      stopping.abort();
      await following;
    },
  };
}

/** Ends the connection; where the server has vanished without a word, by breaking it. */
async function hangUp(client: Client): Promise<void> {
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection;
  const goodbye = new AbortController();
  const late = wait(GOODBYE_MS, undefined, { signal: goodbye.signal });
  await Promise.race([client.end(), late]).catch(() => undefined);
  goodbye.abort();
  stream.destroy();
}
