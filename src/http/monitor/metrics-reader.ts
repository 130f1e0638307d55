import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isThisMachine } from '../client-address.ts';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface ReaderRefusal {
  readonly status: 401 | 403;
  readonly message: string;
}

/** What a proxy adds. Behind one on this machine every request seems to come from this machine. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/**
 * Who may read the numbers: whoever has METRICS_TOKEN; without one, processes of this machine that come by no proxy. Null: may read.
 */
export function refuseReader(request: IncomingMessage, token: string | undefined): ReaderRefusal | null {
  if (token !== undefined) {
    const [, sent = ''] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (isSame(sent, token)) return null;
    return { status: 401, message: 'Send METRICS_TOKEN as a bearer token.' };
  }
  const isForwarded = FORWARDED.some((name) => request.headers[name] !== undefined);
  if (!isForwarded && isThisMachine(request.socket.remoteAddress)) return null;
  return {
    status: 403,
    message:
      'Without METRICS_TOKEN the numbers are for processes of this machine alone. Set it, and send it as a bearer token.',
  };
}

/** In a time that tells nothing about where they differ. */
function isSame(one: string, other: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(one), hash(other));
}
