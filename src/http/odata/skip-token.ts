import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Filter } from '#core/query/filter.ts';
import type { OrderBy } from '#core/query/parse-order-by.ts';
import { printFilter } from '#core/query/print-filter.ts';
import { invalidSkipToken } from '#core/query/query-options.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import type { PageKey } from '#storage/views/read-view.ts';

import { openToken, sealToken } from './sealed-token.ts';

/** The query a page belongs to: a token goes on with no other. `$top` and `$select` may change between pages. */
export interface PagedQuery {
  readonly tenantId: string;
  /** Path of the collection. */
  readonly path: string;
  readonly filter: Filter | undefined;
  readonly orderBy: readonly OrderBy[];
}

const contents = z.strictObject({
  for: z.literal('skiptoken'),
  query: z.string(),
  id: z.guid(),
  sort: z.array(z.string()).optional(),
});

/** Seals where a page ended. */
export function sealSkipToken(box: Pick<SecretBox, 'seal'>, query: PagedQuery, key: PageKey): string {
  return sealToken(box, { for: 'skiptoken', query: fingerprint(query), ...key });
}

/** Opens a token of the same query. Throws InvalidRequestError for any other text. */
export function openSkipToken(box: Pick<SecretBox, 'open'>, query: PagedQuery, token: string): PageKey {
  const opened = openToken(box, contents, token);
  if (opened === undefined || opened.query !== fingerprint(query)) throw invalidSkipToken();
  const { id, sort } = opened;
  return sort === undefined ? { id } : { id, sort };
}

function fingerprint(query: PagedQuery): string {
  const text = JSON.stringify([
    query.tenantId,
    query.path,
    query.filter === undefined ? null : printFilter(query.filter),
    query.orderBy.map(({ path, descending }) => [path, descending]),
  ]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
