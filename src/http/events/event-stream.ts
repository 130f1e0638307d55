import type { OutgoingHttpHeaders } from 'node:http';

import type { FastifyReply } from 'fastify';

import type { System } from '#lib/system.ts';

import type { EventLimits, FeedEvent, Listener } from './event-hub.ts';

/** What may wait for a client that reads slowly; beyond it the client is dropped and comes back to the newest state. */
const PENDING_BYTES = 256 * 1024;
/** Heartbeats that may pass without anything getting through. */
const STUCK_BEATS = 2;
/** After the end of a connection, for clients that come back by themselves. */
const RETRY_MS = 3_000;

/**
 * Turns a request into a stream of server-sent events. Whoever does not read is dropped: nothing is kept for them but the newest state,
 * which is what they get when they come back. Whoever may not be told any more is told that it is over. `lastId` is what the client has seen already.
 */
export function openEventStream(
  reply: FastifyReply,
  options: {
    readonly system: System;
    readonly limits: EventLimits;
    readonly lastId: string | undefined;
    /** Asked with each heartbeat: whether the client may still be told. Does not reject. */
    readonly mayGoOn: (this: void) => Promise<boolean>;
  },
  onClose: () => void,
): Listener {
  const { system, limits, mayGoOn } = options;
  const { raw } = reply;
  let { lastId } = options;
  const closed = new AbortController();
  reply.hijack();
  raw.once('close', () => {
    closed.abort();
    onClose();
  });
  // A client that goes away in the middle of a line is no error of ours.
  raw.on('error', () => undefined);
  raw.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': 'text/event-stream; charset=utf-8',
    // Proxies that collect answers would hold the events back.
    'x-accel-buffering': 'no',
    connection: 'close',
  });

  const write = (text: string): void => {
    if (closed.signal.aborted || raw.writableEnded) return;
    if (raw.writableLength > PENDING_BYTES) raw.destroy();
    else raw.write(text);
  };
  const end = (): void => {
    if (!raw.writableEnded) raw.end();
  };
  const beat = async (): Promise<void> => {
    const endsMs = system.now().getTime() + limits.lifeMs;
    let stuck = 0;
    for (;;) {
      await system.sleep(limits.heartbeatMs, closed.signal);
      if (closed.signal.aborted) return;
      stuck = raw.writableLength > 0 ? stuck + 1 : 0;
      if (stuck >= STUCK_BEATS) raw.destroy();
      else if (system.now().getTime() >= endsMs || !(await mayGoOn())) end();
      else write(': still here\n\n');
    }
  };
  write(`retry: ${RETRY_MS}\n\n`);
  void beat();
  return {
    send(event: FeedEvent) {
      if (event.id === lastId) return;
      lastId = event.id;
      // JSON has no line break of its own, so one data line holds it.
      write(`id: ${event.id}\nevent: ${event.event}\ndata: ${event.data}\n\n`);
    },
    end,
  };
}
