import type * as z from 'zod';

import { InvalidRequestError } from '#lib/errors.ts';

/** Of what is numbered in the database: integer. */
const LARGEST_NUMBER = 2 ** 31 - 1;

/** One page of a collection of our own API: how many, and behind which key. */
export interface PageQuery {
  readonly limit: number;
  /** The key of the last item of the page before; undefined: the first page. */
  readonly after: string | undefined;
  /** The same as a number; 0 for the first page. */
  readonly afterNumber: number;
  /** The other parameters, for the address of the next page. */
  readonly repeated: readonly (readonly [string, string])[];
}

/**
 * Reads `$top`, `$skiptoken` and the parameters of `filterSchema` (with or without `$` the first two). Errors: InvalidRequestError,
 * ZodError.
 */
export function readPage<Filter>(
  query: unknown,
  sizes: { readonly pageSize: number; readonly largest: number },
  filterSchema: z.ZodType<Filter>,
): { page: PageQuery; filter: Filter } {
  const filters: Record<string, string> = {};
  let limit = sizes.pageSize;
  let after: string | undefined;
  const repeated: [string, string][] = [];
  for (const [name, value] of Object.entries(query as Record<string, string | string[]>)) {
    if (typeof value !== 'string')
      throw new InvalidRequestError(`The query option ${name} appears twice.`, name);
    const plain = name.replace(/^\$/u, '').toLowerCase();
    if (plain === 'top') {
      limit = readTop(value, sizes.largest);
      repeated.push([name, value]);
    } else if (plain === 'skiptoken') after = openToken(value);
    else {
      filters[name] = value;
      repeated.push([name, value]);
    }
  }
  const filter = filterSchema.parse(filters);
  const number = after === undefined ? 0 : Number(after);
  const afterNumber = Number.isInteger(number) && number >= 0 && number <= LARGEST_NUMBER ? number : 0;
  return {
    page: { limit, after, afterNumber, repeated },
    filter,
  };
}

function readTop(value: string, largest: number): number {
  if (!/^\d{1,6}$/u.test(value) || Number(value) < 1)
    throw new InvalidRequestError(`$top is a whole number from 1 to ${largest}.`, '$top');
  return Math.min(Number(value), largest);
}

/** A page from one item more than it shows, with the address of the next when there is one. */
export function nextPage<Item>(
  items: readonly Item[],
  page: PageQuery,
  address: string,
  keyOf: (item: Item) => string,
): { value: Item[]; '@odata.nextLink'?: string } {
  const value = items.slice(0, page.limit);
  const last = value.at(-1);
  if (items.length <= page.limit || last === undefined) return { value };
  const parts = [
    ...page.repeated,
    ['$skiptoken', Buffer.from(`after:${keyOf(last)}`).toString('base64url')] as const,
  ];
  const query = parts.map(([name, text]) => `${name}=${encodeURIComponent(text)}`).join('&');
  return { value, '@odata.nextLink': `${address}?${query}` };
}

function openToken(token: string): string {
  const key = /^after:(.{0,256})$/su.exec(Buffer.from(token, 'base64url').toString('utf8'))?.[1];
  if (key === undefined || key.includes('\u0000'))
    throw new InvalidRequestError(
      'The $skiptoken is not one that a page of this collection gave.',
      '$skiptoken',
    );
  return key;
}
