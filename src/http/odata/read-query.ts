import type { FastifyRequest } from 'fastify';
import type { Catalogue } from '#core/query/catalogue.ts';
import { parseQueryOptions, type QueryOption, type QueryOptions } from '#core/query/query-options.ts';
import { InvalidRequestError } from '#lib/errors.ts';

/** The query options of a request. Errors: InvalidRequestError, UnsupportedQueryError. */
export function readQuery(
  request: FastifyRequest,
  catalogue: Catalogue,
  allowed?: readonly QueryOption[],
): QueryOptions {
  return parseQueryOptions(queryPairs(request.url), catalogue, allowed);
}

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
