import type { FastifyReply, FastifyRequest } from 'fastify';
import { MAX_PAGE_SIZE } from '#core/query/query-options.ts';

import { applyPreference, maxPageSizeOf, preferencesOf } from './prefer.ts';

const DEFAULT_PAGE_SIZE = 100;
/** Objects on a page whose related ones come along. */
export const EXPANDED_PAGE_SIZE = 100;
/** Related objects that come with one object; a link leads to the others. */
export const RELATED_LIMIT = 100;

/** How many objects a page has: `$top`, else what the client prefers (`Prefer: odata.maxpagesize=`), at most 1,000, else 100. */
export function pageSizeOf(request: FastifyRequest, reply: FastifyReply, top: number | undefined): number {
  if (top !== undefined) return top;
  const preferred = maxPageSizeOf(preferencesOf(request));
  if (preferred === undefined) return DEFAULT_PAGE_SIZE;
  const size = Math.min(preferred, MAX_PAGE_SIZE);
  applyPreference(reply, `odata.maxpagesize=${size}`);
  return size;
}
