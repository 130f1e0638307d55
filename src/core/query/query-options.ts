import { InvalidRequestError } from '#lib/errors.ts';

import type { Catalogue } from './catalogue.ts';
import { checkFilter } from './check-filter.ts';
import type { Filter } from './filter.ts';
import { parseExpand, type Expand } from './parse-expand.ts';
import { parseFilter } from './parse-filter.ts';
import { parseOrderBy, type OrderBy } from './parse-order-by.ts';
import { parseSearch } from './parse-search.ts';
import { parseSelect } from './parse-select.ts';
import { quote, UnsupportedQueryError } from './query-errors.ts';

/** Query options that some route takes. */
export const QUERY_OPTIONS = [
  '$select',
  '$expand',
  '$filter',
  '$search',
  '$orderby',
  '$top',
  '$skip',
  '$skiptoken',
  '$count',
] as const;
export type QueryOption = (typeof QUERY_OPTIONS)[number];

/** Other options of OData and Graph: known, and refused in words of their own. */
const OTHER_OPTIONS: Readonly<Record<string, string>> = {
  $format: 'The answer is always JSON.',
  $apply: 'There is no aggregation.',
  $compute: 'There are no computed properties.',
  $levels: 'Ask for related objects at their own address.',
  $deltatoken: 'Delta queries have an address of their own.',
  $id: 'References have an address of their own.',
};

export const MAX_PAGE_SIZE = 1_000;
const MAX_SKIP_TOKEN_LENGTH = 8_192;

export interface QueryOptions {
  /** Paths in the order asked for, without repetition. Undefined: everything. */
  readonly select: readonly string[] | undefined;
  readonly expand: readonly Expand[];
  /** `$filter` and `$search` together. */
  readonly filter: Filter | undefined;
  /** Empty: in the collection's own order. */
  readonly orderBy: readonly OrderBy[];
  readonly top: number | undefined;
  /** Rows passed over before the first page. */
  readonly skip: number;
  readonly skipToken: string | undefined;
  readonly count: boolean;
}

/**
 * Reads the options of a query, given as decoded pairs. Names may come in any case and without `$`.
 * Nothing is ignored. Throws InvalidRequestError, UnsupportedQueryError.
 */
export function parseQueryOptions(
  pairs: readonly (readonly [name: string, value: string])[],
  catalogue: Catalogue,
  allowed: readonly QueryOption[] = QUERY_OPTIONS,
): QueryOptions {
  const values = new Map<QueryOption, string>();
  for (const [name, value] of pairs) {
    const option = knownOption(name, allowed);
    if (values.has(option))
      throw new InvalidRequestError(`The query option ${option} appears twice.`, option);
    values.set(option, value);
  }
  if (values.has('$skip') && values.has('$skiptoken'))
    throw new InvalidRequestError('$skip and $skiptoken exclude each other.', '$skip');
  return {
    select: optional(values.get('$select'), (text) => parseSelect(text, catalogue)),
    expand: optional(values.get('$expand'), (text) => parseExpand(text, catalogue)) ?? [],
    filter: both(
      optional(values.get('$filter'), (text) => checkFilter(parseFilter(text), catalogue)),
      optional(values.get('$search'), (text) => parseSearch(text, catalogue)),
    ),
    orderBy: optional(values.get('$orderby'), (text) => parseOrderBy(text, catalogue)) ?? [],
    top: optional(values.get('$top'), parseTop),
    skip: optional(values.get('$skip'), parseSkip) ?? 0,
    skipToken: optional(values.get('$skiptoken'), parseSkipToken),
    count: optional(values.get('$count'), parseCount) ?? false,
  };
}

/** Groups hold none of their own kind. */
function both(one: Filter | undefined, other: Filter | undefined): Filter | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const operands = [one, other].flatMap((filter) => (filter.kind === 'and' ? filter.operands : [filter]));
  return { kind: 'and', operands };
}

function optional<T>(text: string | undefined, parse: (text: string) => T): T | undefined {
  return text === undefined ? undefined : parse(text);
}

function knownOption(name: string, allowed: readonly QueryOption[]): QueryOption {
  const full = (name.startsWith('$') ? name : `$${name}`).toLowerCase();
  const option = QUERY_OPTIONS.find((known) => known === full);
  if (option !== undefined && allowed.includes(option)) return option;
  const choice =
    allowed.length === 0 ? 'This address takes none.' : `This address takes ${allowed.join(', ')}.`;
  if (option !== undefined) {
    throw new UnsupportedQueryError(`The query option "${option}" is not supported here. ${choice}`);
  }
  if (Object.hasOwn(OTHER_OPTIONS, full)) {
    throw new UnsupportedQueryError(`The query option "${full}" is not supported. ${OTHER_OPTIONS[full]}`);
  }
  throw new InvalidRequestError(`The query option ${quote(name)} is unknown. ${choice}`, name.slice(0, 60));
}

function parseTop(text: string): number {
  const top = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (top < 1 || top > MAX_PAGE_SIZE) {
    throw new InvalidRequestError(
      `$top is a whole number from 1 to ${MAX_PAGE_SIZE}, not ${quote(text)}.`,
      '$top',
    );
  }
  return top;
}

function parseSkip(text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new InvalidRequestError(`$skip is a whole number from 0, not ${quote(text)}.`, '$skip');
  return Number(text);
}

function parseSkipToken(text: string): string {
  if (text === '' || text.length > MAX_SKIP_TOKEN_LENGTH || !/^[A-Za-z0-9_-]+$/.test(text))
    throw invalidSkipToken();
  return text;
}

/** One message for every token that is not ours, so that it tells nothing. */
export function invalidSkipToken(): InvalidRequestError {
  return new InvalidRequestError(
    '$skiptoken is not one that this query gave. Start again without it, and follow @odata.nextLink as it comes.',
    '$skiptoken',
  );
}

function parseCount(text: string): boolean {
  const lower = text.toLowerCase();
  if (lower !== 'true' && lower !== 'false') {
    throw new InvalidRequestError(`$count is true or false, not ${quote(text)}.`, '$count');
  }
  return lower === 'true';
}
