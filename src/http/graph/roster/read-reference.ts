import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { InvalidRequestError } from '#lib/errors.ts';

import { queryPairs } from '../../odata/read-query.ts';

/** Where a reference may point: scripts have the addresses of Graph written into them. */
const GRAPH_HOSTS = new Set([
  'graph.microsoft.com',
  'graph.microsoft.us',
  'dod-graph.microsoft.us',
  'microsoftgraph.chinacloudapi.cn',
  'graph.microsoft.de',
]);

/** What a reference may point at, as segments before the id. Users and classes have the ids of directory users and groups. */
const TARGETS = {
  users: ['education/users', 'users', 'directoryobjects'],
  classes: ['education/classes', 'groups', 'directoryobjects'],
} as const;
export type ReferenceTarget = keyof typeof TARGETS;

const body = z.strictObject({
  '@odata.id': z.string().max(2_048),
  '@odata.type': z.string().optional(),
  '@odata.context': z.string().optional(),
});

/** The id in the body of `POST …/$ref`: `{"@odata.id": "https://…/v1.0/education/users/{id}"}`. Throws what is wrong with it. */
export function readReferenceBody(request: FastifyRequest, target: ReferenceTarget): string {
  refuseQuery(request);
  return idOfReference(request, body.parse(request.body ?? {})['@odata.id'], target, '@odata.id');
}

/** The id in `DELETE …/$ref?@id=…`, as SDKs send it; OData itself calls it `$id`. */
export function readReferenceQuery(request: FastifyRequest, target: ReferenceTarget): string {
  const pairs = queryPairs(request.url);
  const [pair, ...others] = pairs;
  if (pair === undefined || others.length > 0 || !['@id', '$id'].includes(pair[0])) {
    throw new InvalidRequestError(
      'Say whose reference it is: …/{id}/$ref, or …/$ref?@id= and its address, and nothing else.',
      '@id',
    );
  }
  return idOfReference(request, pair[1], target, '@id');
}

/** Throws InvalidRequestError when the request has a query. */
export function refuseQuery(request: FastifyRequest): void {
  const [pair] = queryPairs(request.url);
  if (pair === undefined) return;
  const name = pair[0].slice(0, 64);
  throw new InvalidRequestError(`The query option "${name}" is not taken here.`, name);
}

function idOfReference(
  request: FastifyRequest,
  text: string,
  target: ReferenceTarget,
  property: string,
): string {
  const path = pathOf(request, text);
  if (path !== undefined) {
    const segments = path
      .replace(/\('([^']*)'\)/g, '/$1')
      .split('/')
      .filter((segment) => segment !== '');
    if (/^(?:v1\.0|beta)$/i.test(segments[0] ?? '')) segments.shift();
    const id = segments.pop() ?? '';
    const collection = segments.join('/').toLowerCase();
    if (UUID.test(id) && TARGETS[target].some((known) => known === collection)) return id.toLowerCase();
  }
  const example = `${request.baseUrl}/v1.0/education/${target}/{id}`;
  throw new InvalidRequestError(
    `${property} has to be the address of one of education/${target}: ${example}`,
    property,
  );
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The path of an address of this service or of Graph, or of one without a host; undefined: somebody else's, or with a query. */
function pathOf(request: FastifyRequest, text: string): string | undefined {
  if (/[?#\\\s%]/.test(text) || text.startsWith('//')) return undefined;
  if (!/^[a-z][a-z0-9+.-]*:/i.test(text)) return text;
  if (!URL.canParse(text)) return undefined;
  const { protocol, host, pathname, username } = new URL(text);
  if ((protocol !== 'https:' && protocol !== 'http:') || username !== '') return undefined;
  if (GRAPH_HOSTS.has(host)) return pathname;
  const own = new URL(request.baseUrl);
  if (host !== own.host) return undefined;
  const prefix = own.pathname === '/' ? '' : own.pathname;
  return pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length) : undefined;
}
