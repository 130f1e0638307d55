import type { Catalogue } from '#core/query/catalogue.ts';
import { invalidSkipToken, parseQueryOptions, type QueryOption } from '#core/query/query-options.ts';

/** Query options of a list of our own API that is written in OData's words. */
export interface ListOptions {
  /** Items of a page. */
  readonly limit: number;
  /** The number behind which the page begins; 0 for the first one. */
  readonly afterNumber: number;
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
    afterNumber: options.skipToken === undefined ? 0 : readSkipToken(options.skipToken),
    repeated: pairs.filter(([name]) => !/^\$?skiptoken$/iu.test(name)),
  };
}

/** The address of the page that begins behind `number`. `address` without query. */
export function nextLink(address: string, options: ListOptions, number: number): string {
  const parts = [...options.repeated, ['$skiptoken', skipToken(number)] as const];
  return `${address}?${parts.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

function skipToken(number: number): string {
  return Buffer.from(`after:${number}`, 'utf8').toString('base64url');
}

function readSkipToken(token: string): number {
  const number = /^after:(\d{1,9})$/u.exec(Buffer.from(token, 'base64url').toString('utf8'))?.[1];
  if (number === undefined) throw invalidSkipToken();
  return Number(number);
}
