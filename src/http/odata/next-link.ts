import type { FastifyRequest } from 'fastify';

import { queryPairs } from './read-query.ts';

/** The same request with another `$skiptoken`: absolute, with all original options but `$skip`, which the token has in it. */
export function nextLink(request: FastifyRequest, skipToken: string): string {
  const [path = ''] = request.url.split(/[?#]/, 1);
  const options = queryPairs(request.url)
    .map(([name, value]) => [name.startsWith('$') ? name : `$${name}`, value] as const)
    .filter(([name]) => !['$skiptoken', '$skip'].includes(name.toLowerCase()))
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${request.baseUrl}${path}?${[...options, `$skiptoken=${skipToken}`].join('&')}`;
}
