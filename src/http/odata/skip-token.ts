import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Filter } from '#core/query/filter.ts';
import type { OrderBy } from '#core/query/parse-order-by.ts';
import { printFilter } from '#core/query/print-filter.ts';
import { invalidSkipToken } from '#core/query/query-options.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import type { PageKey } from '#storage/views/read-view.ts';

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

/** An id and a fingerprint are longer than this; what is shorter is no sealed token. */
const SHORTEST_BYTES = 64;

/** Seals where a page ended. Sealed, not only signed: the key of an ordered page may be a name, and URLs are logged everywhere. */
export function sealSkipToken(box: Pick<SecretBox, 'seal'>, query: PagedQuery, key: PageKey): string {
  const token = { for: 'skiptoken', query: fingerprint(query), ...key };
  return box.seal(Buffer.from(JSON.stringify(token))).toString('base64url');
}

/** Opens a token of the same query. Throws InvalidRequestError for any other text. */
export function openSkipToken(box: Pick<SecretBox, 'open'>, query: PagedQuery, token: string): PageKey {
  const sealed = Buffer.from(token, 'base64url');
  if (sealed.length < SHORTEST_BYTES) throw invalidSkipToken();
  let opened: unknown;
  try {
    opened = JSON.parse(box.open(sealed).toString('utf8'));
  } catch {
    throw invalidSkipToken();
  }
  const parsed = contents.safeParse(opened);
  if (!parsed.success || parsed.data.query !== fingerprint(query)) throw invalidSkipToken();
  const { id, sort } = parsed.data;
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
