import type { FastifyRequest } from 'fastify';

import { queryPairs } from './read-query.ts';

/**
 * The same request with another `$skiptoken`: absolute, with all original options but `$skip`, which the token has in it. `filters`: names
 * that are no options of OData and stay without `$`.
 */
export function nextLink(
  request: FastifyRequest,
  skipToken: string,
  filters: readonly string[] = [],
): string {
  const [path = ''] = request.url.split(/[?#]/, 1);
  const isFilter = (name: string): boolean =>
    filters.some((filter) => filter.toLowerCase() === name.toLowerCase());
  const options = queryPairs(request.url)
    .map(([name, value]) => [name.startsWith('$') || isFilter(name) ? name : `$${name}`, value] as const)
    .filter(([name]) => !['$skiptoken', '$skip'].includes(name.toLowerCase()))
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${request.baseUrl}${path}?${[...options, `$skiptoken=${skipToken}`].join('&')}`;
}
