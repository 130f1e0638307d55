import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';

import type { AttemptOutcome } from '#core/notices/delivery-state.ts';

import { findWebhookAddresses, type HostAddress } from './find-webhook-addresses.ts';
import type { NoticePost } from './notice-context.ts';

export interface WebhookRequest {
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a receiver answers is of no use to us; so much is read for the sake of order. */
const MAX_ANSWER_BYTES = 64 * 1024;

const GONE = 410;

/**
 * Sends one webhook: resolved here, checked, and connected to a checked address. No redirect is followed, nothing of the answer is kept. All of it,
 * from the name to the end of the answer, has `post.timeoutMs`. Never throws for what the other side does.
 */
export async function sendWebhook(
  post: NoticePost,
  webhook: WebhookRequest,
  stopping: AbortSignal,
): Promise<AttemptOutcome> {
  const timeout = AbortSignal.timeout(post.timeoutMs);
  const signal = AbortSignal.any([timeout, stopping]);
  try {
    const found = await findWebhookAddresses(post, webhook.address, signal);
    if (timeout.aborted) return { taken: false, reason: tooSlow(post) };
    if ('fault' in found) return { taken: false, reason: found.fault };
    const response = await send(found.url, found.addresses, webhook, signal);
    await readSome(response);
    return judge(response);
  } catch (error) {
    return { taken: false, reason: timeout.aborted ? tooSlow(post) : reasonOf(error) };
  }
}

function send(
  url: URL,
  addresses: readonly HostAddress[],
  { headers, body }: WebhookRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const options: RequestOptions = {
    method: 'POST',
    signal,
    lookup: pinTo(addresses),
    // A connection of its own: one that was kept might have been made to another address.
    agent: false,
    headers: {
      ...headers,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'Rollbook',
      connection: 'close',
    },
  };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options, resolve);
    request.on('error', reject);
    request.end(body);
  });
}

/** Answers any name with the addresses that were checked. (For an address in the URL nobody asks; it was checked as it is.) */
function pinTo(addresses: readonly HostAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

/** Reads the answer to its end or to the limit, whichever comes first. */
async function readSome(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_ANSWER_BYTES) break;
  }
}

function judge({ statusCode: status = 0 }: IncomingMessage): AttemptOutcome {
  if (status >= 200 && status < 300) return { taken: true };
  if (status >= 300 && status < 400)
    return { taken: false, reason: `the receiver answered ${status}; redirects are not followed` };
  if (status === GONE)
    return { taken: false, reason: 'the receiver answered 410: it wants no more', permanent: true };
  return { taken: false, reason: `the receiver answered ${status}` };
}

function tooSlow(post: NoticePost): string {
  return `the receiver did not answer within ${post.timeoutMs / 1_000} seconds`;
}

/** In our words: what an error of the network says may hold the address, and with it somebody's token. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ECONNREFUSED') return 'the connection was refused';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'the receiver closed the connection';
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/u.test(code)) return `there is no trusted TLS connection (${code})`;
  return `the connection failed${/^[A-Z_0-9]{1,40}$/u.test(code) ? ` (${code})` : ''}`;
}
