import { InvalidRequestError } from '#lib/errors.ts';

import { findProperty, type Catalogue } from './catalogue.ts';
import { checkFilter } from './check-filter.ts';
import type { Filter } from './filter.ts';
import { parseFilter } from './parse-filter.ts';
import { quote, UnsupportedQueryError } from './query-errors.ts';

/** Query options that some route takes. */
export const QUERY_OPTIONS = ['$select', '$filter', '$orderby', '$top', '$skiptoken', '$count'] as const;
export type QueryOption = (typeof QUERY_OPTIONS)[number];

/** Other options of OData and Graph: known, and refused in words of their own. */
const OTHER_OPTIONS: Readonly<Record<string, string>> = {
  $expand: 'Ask for related objects at their own address, such as /education/classes/{id}/members.',
  $search: "Use $filter, for example $filter=startswith(displayName,'A').",
  $skip: 'Follow @odata.nextLink.',
  $format: 'The answer is always JSON.',
  $apply: 'There is no aggregation.',
  $compute: 'There are no computed properties.',
  $levels: 'Ask for related objects at their own address.',
  $deltatoken: 'Delta queries have an address of their own.',
  $id: 'References have an address of their own.',
};

export const MAX_PAGE_SIZE = 999;
const MAX_SELECT = 200;
const MAX_SKIP_TOKEN_LENGTH = 8_192;

export interface QueryOptions {
  /** Paths in the order asked for, without repetition. Undefined: everything. */
  readonly select: readonly string[] | undefined;
  readonly filter: Filter | undefined;
  readonly orderBy: { readonly path: string; readonly descending: boolean } | undefined;
  readonly top: number | undefined;
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
  const filter = values.get('$filter');
  return {
    select: optional(values.get('$select'), (text) => parseSelect(text, catalogue)),
    filter: filter === undefined ? undefined : checkFilter(parseFilter(filter), catalogue),
    orderBy: optional(values.get('$orderby'), (text) => parseOrderBy(text, catalogue)),
    top: optional(values.get('$top'), parseTop),
    skipToken: optional(values.get('$skiptoken'), parseSkipToken),
    count: optional(values.get('$count'), parseCount) ?? false,
  };
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

function parseSelect(text: string, catalogue: Catalogue): readonly string[] | undefined {
  const names = text.split(',').map((name) => name.trim());
  if (names.length > MAX_SELECT) {
    throw new InvalidRequestError(`$select takes at most ${MAX_SELECT} properties.`, '$select');
  }
  if (names.includes('*')) return undefined;
  const paths = names.map((name) => {
    if (name === '')
      throw new InvalidRequestError(
        '$select has an empty entry. Name properties, separated by commas.',
        '$select',
      );
    const found = findProperty(catalogue, name);
    if (found === undefined) throw unknownProperty('$select', name, catalogue);
    return found.path;
  });
  return [...new Set(paths)];
}

function parseOrderBy(text: string, catalogue: Catalogue): { path: string; descending: boolean } {
  if (text.includes(',')) {
    throw new UnsupportedQueryError('$orderby takes one property. The id breaks ties.');
  }
  const match = /^\s*([\w/]{1,100})(?:\s+(asc|desc))?\s*$/i.exec(text);
  if (match?.[1] === undefined) {
    throw new InvalidRequestError('$orderby takes a property, then perhaps asc or desc.', '$orderby');
  }
  const found = findProperty(catalogue, match[1]);
  if (found === undefined) throw unknownProperty('$orderby', match[1], catalogue);
  if (found.property.orderable !== true) {
    const choice = Object.entries(catalogue.properties)
      .filter(([, property]) => property.orderable)
      .map(([path]) => path);
    throw new UnsupportedQueryError(
      `$orderby does not take the property ${quote(found.path)}. It takes ${choice.join(', ')}.`,
    );
  }
  return { path: found.path, descending: match[2]?.toLowerCase() === 'desc' };
}

function unknownProperty(option: string, name: string, catalogue: Catalogue): InvalidRequestError {
  return new InvalidRequestError(
    `${option}: there is no property named ${quote(name)} on type ${quote(catalogue.typeName)}.`,
    option,
  );
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
