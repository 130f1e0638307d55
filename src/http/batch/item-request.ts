import { InvalidRequestError } from '#lib/errors.ts';
import type { GraphVersion } from '../scopes.ts';
import type { SentItem } from './parse-batch.ts';

const METHODS = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'] as const;
type Method = (typeof METHODS)[number];

/** A request as the server takes it: path and query, headers by lower-case name. */
export interface ItemRequest {
  readonly method: Method;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string | undefined;
}

/** What an item may say about itself; whatever concerns the connection or the caller is the batch's. */
const HEADERS = new Set([
  'accept',
  'accept-language',
  'client-request-id',
  'consistencylevel',
  'content-type',
  'if-match',
  'if-none-match',
  'odata-maxversion',
  'odata-version',
  'prefer',
  'sdkversion',
  'user-agent',
]);
/** The same bounds as for headers and addresses of requests that come by themselves. */
const LONGEST_HEADER = 8_192;
const LONGEST_URL = 16_384;

/** What is served beside Graph: own API, health, token issuer, uploads. */
const OUTSIDE =
  /^(?:api|healthz|readyz|metrics|[^/]+\/oauth2|[^/]+\/v2\.0|[0-9a-f]{8}-[0-9a-f-]{27})(?:\/|$)/i;

/**
 * The request that an item stands for. `version`: that of the batch, for an url that names none.
 * Errors: InvalidRequestError, whose target is a property of the item.
 */
export function itemRequest(item: SentItem, version: GraphVersion): ItemRequest {
  const method = METHODS.find((known) => known === item.method.toUpperCase());
  if (method === undefined)
    throw new InvalidRequestError(`method: Expected one of ${METHODS.join(', ')}.`, 'method');
  const headers = headersOf(item);
  const url = targetOf(item.url, version);
  if (item.body === undefined) return { method, url, headers, payload: undefined };
  const contentType = item.headers.get('content-type');
  if (contentType === undefined || contentType.trim() === '')
    throw new InvalidRequestError(
      'headers: A request with a body needs the header Content-Type: application/json.',
      'headers',
    );
  const isText = typeof item.body === 'string' && !/\bjson\b/i.test(contentType);
  return { method, url, headers, payload: isText ? item.body : JSON.stringify(item.body) };
}

function headersOf({ headers, body }: SentItem): Record<string, string> {
  if (headers.has('authorization'))
    throw new InvalidRequestError(
      'headers: An item runs with the Authorization of the batch. Leave it out, or send the request by itself.',
      'headers.Authorization',
    );
  const kept: Record<string, string> = {};
  for (const [name, value] of headers) {
    if (!HEADERS.has(name) || (name === 'content-type' && body === undefined)) continue;
    if (value.length > LONGEST_HEADER || !/^[\t\u0020-\u007E\u0080-\u00FF]*$/.test(value))
      throw new InvalidRequestError(
        `headers.${name}: It is too long, or holds a character that no header has.`,
        `headers.${name}`,
      );
    kept[name] = value;
  }
  return kept;
}

/** Path and query below /v1.0 or /beta. An address that leads elsewhere is refused, not corrected. */
function targetOf(url: string, version: GraphVersion): string {
  const refuse = (reason: string): never => {
    throw new InvalidRequestError(`url: ${reason}`, 'url');
  };
  if (url === '') refuse('It is empty.');
  if (url.length > LONGEST_URL) refuse('It is too long.');
  if (/[\\#\u007F]|[^ -\u{10FFFF}]/u.test(url))
    refuse('It holds a control character, "\\" or "#". Write them percent-encoded.');
  const [path = ''] = url.split('?', 1);
  if (path.startsWith('//') || path.includes('://'))
    refuse('Give it relative to the version, without scheme and host: /education/schools.');
  const segments = path.split('/').filter((segment) => segment !== '');
  for (const segment of segments) {
    const decoded =
      decode(segment) ?? refuse('A percent sign in it is not followed by UTF-8 in hexadecimal.');
    if (decoded === '.' || decoded === '..') refuse('It holds "." or "..": give the address itself.');
  }
  const named = segments[0]?.toLowerCase();
  const hasVersion = named === 'v1.0' || named === 'beta';
  const inside = hasVersion ? segments.slice(1) : segments;
  if (OUTSIDE.test(inside.map((segment) => decode(segment)).join('/')))
    refuse('A batch holds requests to /v1.0 and /beta alone.');
  return `/${[hasVersion ? named : version, ...inside].join('/')}${url.slice(path.length)}`;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
