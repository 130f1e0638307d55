import type { Catalogue } from '#core/query/catalogue.ts';
import type { Filter } from '#core/query/filter.ts';
import { invalidSkipToken, parseQueryOptions, type QueryOption } from '#core/query/query-options.ts';
import { InvalidRequestError } from '#lib/errors.ts';

/** Query options of a collection that is paged by offset: small ones, as profiles and their errors. */
export interface ListOptions {
  /** Items of a page. */
  readonly limit: number;
  readonly offset: number;
  readonly count: boolean;
  readonly select: readonly string[] | undefined;
  readonly filter: Filter | undefined;
  readonly orderBy: { readonly path: string; readonly descending: boolean } | undefined;
  /** Options that the address of the next page repeats. */
  readonly repeated: readonly (readonly [string, string])[];
}

export interface ListRules {
  readonly catalogue: Catalogue;
  readonly allowed: readonly QueryOption[];
  readonly pageSize: number;
}

/**
 * Reads the query options of a list, `$skip` among them where `$skiptoken` is allowed. Errors: as parseQueryOptions;
 * InvalidRequestError for a `$skip` that is no number.
 */
export function readListOptions(query: unknown, rules: ListRules): ListOptions {
  const pairs = Object.entries(query as Record<string, string | string[]>).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
  const isSkip = ([name]: [string, string]): boolean => /^\$?skip$/iu.test(name);
  const paged = rules.allowed.includes('$skiptoken');
  const skips = paged ? pairs.filter(isSkip) : [];
  const others = paged ? pairs.filter((pair) => !isSkip(pair)) : pairs;
  const options = parseQueryOptions(others, rules.catalogue, rules.allowed);
  return {
    limit: options.top ?? rules.pageSize,
    offset: options.skipToken === undefined ? readSkip(skips) : readSkipToken(options.skipToken),
    count: options.count,
    select: options.select,
    filter: options.filter,
    orderBy: options.orderBy,
    repeated: others.filter(([name]) => !/^\$?skiptoken$/iu.test(name)),
  };
}

/** The address of the page that begins at `offset`. `address` without query. */
export function nextLink(
  address: string,
  options: ListOptions,
  offset = options.offset + options.limit,
): string {
  const parts = [...options.repeated, ['$skiptoken', skipToken(offset)] as const];
  return `${address}?${parts.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

/** Only the selected properties, and control information. */
export function selectProperties(
  json: Record<string, unknown>,
  select: readonly string[] | undefined,
): Record<string, unknown> {
  if (select === undefined) return json;
  return Object.fromEntries(
    Object.entries(json).filter(([name]) => name.startsWith('@') || select.includes(name)),
  );
}

function skipToken(offset: number): string {
  return Buffer.from(`after:${offset}`, 'utf8').toString('base64url');
}

function readSkipToken(token: string): number {
  const offset = /^after:(\d{1,9})$/u.exec(Buffer.from(token, 'base64url').toString('utf8'))?.[1];
  if (offset === undefined) throw invalidSkipToken();
  return Number(offset);
}

function readSkip(skips: readonly [string, string][]): number {
  const [first, ...more] = skips;
  if (first === undefined) return 0;
  if (more.length > 0) throw new InvalidRequestError('The query option $skip appears twice.', '$skip');
  if (!/^\d{1,9}$/u.test(first[1])) throw new InvalidRequestError('$skip is a whole number from 0.', '$skip');
  return Number(first[1]);
}
