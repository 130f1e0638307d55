import type { OutgoingHttpHeaders } from 'node:http';
import { errorEnvelope, type ErrorAnswer } from '../errors.ts';

/** One element of `responses`. Without a body there is no `body`. */
export interface ItemAnswer {
  readonly id: string;
  readonly status: number;
  /** In Graph's spelling: clients look for `Content-Type`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Headers that are about the answer and not about a connection. */
const HEADERS = new Map(
  [
    'Allow',
    'Cache-Control',
    'client-request-id',
    'Content-Type',
    'ETag',
    'Location',
    'OData-EntityId',
    'OData-Version',
    'Preference-Applied',
    'request-id',
    'Retry-After',
    'WWW-Authenticate',
    'x-ms-ags-diagnostic',
  ].map((name) => [name.toLowerCase(), name]),
);

/** The answer that the server gave to an item. */
export function itemAnswer(
  id: string,
  given: { readonly statusCode: number; readonly headers: OutgoingHttpHeaders; readonly rawPayload: Buffer },
): ItemAnswer {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given.headers)) {
    const spelled = HEADERS.get(name);
    if (spelled !== undefined && value !== undefined) headers[spelled] = String(value);
  }
  const status = given.statusCode;
  if (given.rawPayload.length === 0) return { id, status, headers };
  return { id, status, headers, body: bodyOf(given.rawPayload, headers['Content-Type'] ?? '') };
}

/** JSON as it is, text as a string, anything else in base64 (OData JSON 4.01, 19.2). */
function bodyOf(payload: Buffer, contentType: string): unknown {
  const [mediaType = ''] = contentType.split(';', 1);
  if (/\bjson$/i.test(mediaType.trim())) return JSON.parse(payload.toString('utf8'));
  const isText = /^text\/|\bxml$/i.test(mediaType.trim());
  return payload.toString(isText ? 'utf8' : 'base64');
}

/** The answer to an item that never ran. */
export function refusedItem(
  id: string,
  refusal: ErrorAnswer,
  ids: { readonly now: Date; readonly requestId: string; readonly clientRequestId: string },
): ItemAnswer {
  return {
    id,
    status: refusal.status,
    headers: {
      'Content-Type': 'application/json',
      'OData-Version': '4.0',
      'request-id': ids.requestId,
      'client-request-id': ids.clientRequestId,
      ...(refusal.headers?.['retry-after'] === undefined
        ? {}
        : { 'Retry-After': refusal.headers['retry-after'] }),
    },
    body: errorEnvelope(refusal, ids.now, ids.requestId, ids.clientRequestId),
  };
}
