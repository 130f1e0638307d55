import { messageOf } from '#lib/errors.ts';
import type { System } from '#lib/system.ts';

import { InterruptedError, UnreachableError } from '../exit-codes.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Sending it twice does no harm. False: it is repeated only when it certainly never arrived. */
  readonly repeatable: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface HttpScope {
  readonly system: System;
  readonly interrupt: AbortSignal;
  /** Called once for a request that has had no answer for a while, with the origin that is asked. */
  readonly onSlow?: (origin: string) => void;
}

const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 20_000;
/** A start that waits for its validation answers after START_WAIT_SECONDS, 20 by default. */
const SLOW_AFTER_MS = 30_000;

/** The connection was never made, so the request was not seen. */
const NOT_SENT = new Set(['ECONNREFUSED', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);
/** The connection broke; the request may have been seen. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET']);
/** Somebody took the request and said nothing for five minutes: another five would not help. */
const SILENT = 'UND_ERR_HEADERS_TIMEOUT';

/**
 * Sends a request and reads the whole answer, whatever its status. Repeats on a broken connection (where that is safe) and on 429 and
 * 503, with growing pauses or as Retry-After says. Throws UnreachableError when it gives up, InterruptedError on Ctrl-C.
 */
export async function sendRequest(scope: HttpScope, request: HttpRequest): Promise<HttpAnswer> {
  const done = new AbortController();
  void tellWhenSlow(scope, request, done.signal);
  try {
    return await sendUntilAnswered(scope, request);
  } finally {
    done.abort();
  }
}

async function tellWhenSlow(
  { system, interrupt, onSlow }: HttpScope,
  { url }: HttpRequest,
  done: AbortSignal,
): Promise<void> {
  if (onSlow === undefined) return;
  const over = AbortSignal.any([interrupt, done]);
  await system.sleep(SLOW_AFTER_MS, over);
  if (!over.aborted) onSlow(new URL(url).origin);
}

async function sendUntilAnswered(scope: HttpScope, request: HttpRequest): Promise<HttpAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const pauseMs = FIRST_PAUSE_MS * 2 ** (attempt - 1);
    try {
      const response = await fetch(request.url, {
        method: request.method,
        headers: request.headers ?? {},
        ...(request.body === undefined ? {} : { body: request.body }),
        redirect: 'error',
        signal: scope.interrupt,
      });
      const text = await response.text();
      const busy = response.status === 429 || response.status === 503;
      if (busy && attempt < ATTEMPTS) {
        await pause(scope, retryAfterMs(response.headers) ?? pauseMs);
        continue;
      }
      return { status: response.status, headers: response.headers, text };
    } catch (error) {
      if (scope.interrupt.aborted) throw new InterruptedError();
      const code = codeOf(error);
      const again = NOT_SENT.has(code) || (request.repeatable && BROKEN.has(code));
      if (!again || attempt >= ATTEMPTS) throw unreachable(request.url, code, error);
      await pause(scope, pauseMs);
    }
  }
}

async function pause({ system, interrupt }: HttpScope, timeMs: number): Promise<void> {
  await system.sleep(Math.min(timeMs, LONGEST_PAUSE_MS), interrupt);
  if (interrupt.aborted) throw new InterruptedError();
}

/** Retry-After in milliseconds; Graph sends seconds, sometimes with decimals. */
function retryAfterMs(headers: Headers): number | null {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}

/** The system's error code of a failed fetch: it stands in the cause, or in the first of several. */
function codeOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : undefined;
  for (const candidate of [cause, first]) {
    if (typeof candidate === 'object' && candidate !== null && 'code' in candidate)
      return String(candidate.code);
  }
  return '';
}

const SIGNED_BY_STRANGERS =
  'is signed by an authority that is not known here. Set NODE_EXTRA_CA_CERTS to a PEM file with the certificate of that authority, or let TLS_CERT of the service hold its whole chain.';
const SELF_SIGNED =
  'is self-signed. Set NODE_EXTRA_CA_CERTS to the file DATA_DIR/tls/cert.pem of that service and try again.';

/** What is wrong with a certificate, by the codes of Node.js, and what to do: `The certificate of ...`. */
const CERTIFICATE_FAULTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: SELF_SIGNED,
  SELF_SIGNED_CERT_IN_CHAIN: SIGNED_BY_STRANGERS,
  UNABLE_TO_GET_ISSUER_CERT: SIGNED_BY_STRANGERS,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: SIGNED_BY_STRANGERS,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: SIGNED_BY_STRANGERS,
  ERR_TLS_CERT_ALTNAME_INVALID:
    'is for another name. Say the name that stands in it: --url https://roster.contoso.com --credentials DATA_DIR/credentials.json (or ROLLBOOK_URL).',
  CERT_HAS_EXPIRED: 'has run out. Renew it (TLS_CERT of the service), or set the clock of this machine.',
  CERT_NOT_YET_VALID: 'is not valid yet. Set the clocks of both machines.',
};

function unreachable(address: string, code: string, error: unknown): UnreachableError {
  const { origin } = new URL(address);
  const reason = error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error);
  const fault = CERTIFICATE_FAULTS[code];
  if (fault !== undefined) return new UnreachableError(`The certificate of ${origin} ${fault}`, error);
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER')
    return new UnreachableError(
      `No TLS is spoken at ${origin}. Write ${origin.replace('https:', 'http:')}, or the port of HTTPS.`,
      error,
    );
  if (code === SILENT)
    return new UnreachableError(
      `${origin} took the request and gave no answer in five minutes. Is it a Rollbook? If it is, look at its log and at its database (rollbook doctor), then try again.`,
      error,
    );
  return new UnreachableError(
    `No Rollbook answers at ${origin} (${code === '' ? reason : code}). Is it running, and is the address right?`,
    error,
  );
}
