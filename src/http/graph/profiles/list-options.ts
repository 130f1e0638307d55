import type { Catalogue } from '#core/query/catalogue.ts';
import type { Filter } from '#core/query/filter.ts';
import type { OrderBy } from '#core/query/parse-order-by.ts';
import {
  invalidSkipToken,
  parseQueryOptions,
  QUERY_OPTIONS,
  type QueryOption,
} from '#core/query/query-options.ts';

/** What lists of profiles and of their errors take. */
export const LIST_OPTIONS: readonly QueryOption[] = QUERY_OPTIONS.filter((option) => option !== '$expand');

export const COUNT_OPTIONS: readonly QueryOption[] = ['$filter', '$search'];

/** Query options of a collection that is paged by offset: small ones, as profiles and their errors. */
export interface ListOptions {
  /** Items of a page. */
  readonly limit: number;
  readonly offset: number;
  readonly count: boolean;
  readonly select: readonly string[] | undefined;
  readonly filter: Filter | undefined;
  readonly orderBy: readonly OrderBy[];
  /** Options that the address of the next page repeats. */
  readonly repeated: readonly (readonly [string, string])[];
}

export interface ListRules {
  readonly catalogue: Catalogue;
  readonly allowed: readonly QueryOption[];
  readonly pageSize: number;
}

/** Reads the query options of a list. Errors: as parseQueryOptions. */
export function readListOptions(query: unknown, rules: ListRules): ListOptions {
  const pairs = Object.entries(query as Record<string, string | string[]>).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
  const options = parseQueryOptions(pairs, rules.catalogue, rules.allowed);
  return {
    limit: options.top ?? rules.pageSize,
    offset: options.skipToken === undefined ? options.skip : readSkipToken(options.skipToken),
    count: options.count,
    select: options.select,
    filter: options.filter,
    orderBy: options.orderBy,
    repeated: pairs.filter(([name]) => !/^\$?skip(token)?$/iu.test(name)),
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
