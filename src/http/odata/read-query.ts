import type { FastifyRequest } from 'fastify';
import type { Catalogue } from '#core/query/catalogue.ts';
import { parseQueryOptions, type QueryOption, type QueryOptions } from '#core/query/query-options.ts';
import { InvalidRequestError } from '#lib/errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The query options that a Graph operation takes; it refuses all others. None when it says nothing. */
    readonly queryOptions?: readonly RouteOption[];
  }
}

/** Options of a route; `$deltatoken` is delta's own. */
export type RouteOption = QueryOption | '$deltatoken';

/** The query options of a request, of which its route takes those it declares. Errors: InvalidRequestError, UnsupportedQueryError. */
export function readQuery(request: FastifyRequest, catalogue: Catalogue): QueryOptions {
  return parseQueryOptions(queryPairs(request.url), catalogue, optionsOf(request));
}

/** The options that the route of a request declares, without `$deltatoken`. */
export function optionsOf(request: FastifyRequest): readonly QueryOption[] {
  const { queryOptions = [] } = request.routeOptions.config;
  return queryOptions.filter((option) => option !== '$deltatoken');
}

/** For operations that declare no options: none is ignored. Errors: UnsupportedQueryError, InvalidRequestError. */
export function refuseQuery(request: FastifyRequest): void {
  if (request.routeOptions.config.queryOptions !== undefined || request.method !== 'GET') return;
  parseQueryOptions(queryPairs(request.url), NOTHING, []);
}

const NOTHING: Catalogue = { typeName: 'nothing', properties: {} };

/** Name and value of everything behind the `?`, decoded. Repeated names stay repeated, so that they can be refused. */
export function queryPairs(url: string): [name: string, value: string][] {
  const start = url.indexOf('?');
  if (start === -1) return [];
  const end = url.indexOf('#', start);
  return url
    .slice(start + 1, end === -1 ? undefined : end)
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=');
      return equals === -1
        ? [decode(part), '']
        : [decode(part.slice(0, equals)), decode(part.slice(equals + 1))];
    });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new InvalidRequestError('The query of the URL is not percent-encoded UTF-8.');
  }
}
