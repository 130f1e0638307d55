import type { FastifyRequest } from 'fastify';

import type { Filter } from '#core/query/filter.ts';
import { parseQueryOptions, type QueryOption } from '#core/query/query-options.ts';
import { openReferenceList } from '#core/roster/reference-list.ts';
import { InvalidRequestError } from '#lib/errors.ts';
import type { View } from '#storage/views/view.ts';

import { queryPairs } from '../../odata/read-query.ts';
import { splitFilters } from '../split-filters.ts';

export type RosterFilter = 'includeInactive' | 'type' | 'parent';

export interface RosterQuery {
  readonly includeInactive: boolean;
  readonly filter: Filter | undefined;
  readonly top: number | undefined;
  readonly skipToken: string | undefined;
}

/** Reads what a route takes, and refuses everything else. Errors: InvalidRequestError, UnsupportedQueryError. */
export function readRosterQuery(
  request: FastifyRequest,
  view: View,
  takes: { readonly filters: readonly RosterFilter[]; readonly options: readonly QueryOption[] },
): RosterQuery {
  const { filters, others } = splitFilters(queryPairs(request.url), takes.filters);
  const { top, skipToken } = parseQueryOptions(others, view, takes.options);
  const conditions = [...typeCondition(filters.get('type')), ...parentCondition(filters.get('parent'))];
  const [first] = conditions;
  return {
    includeInactive: readFlag('includeInactive', filters.get('includeInactive')),
    filter: conditions.length > 1 ? { kind: 'and', operands: conditions } : first,
    top,
    skipToken,
  };
}

function readFlag(name: string, text: string | undefined): boolean {
  if (text === undefined) return false;
  const lower = text.toLowerCase();
  if (lower !== 'true' && lower !== 'false')
    throw new InvalidRequestError(`${name} is true or false, not '${text.slice(0, 40)}'.`, name);
  return lower === 'true';
}

const findType = openReferenceList('orgTypes');

/** A type of the list in any case; another as it is written, since authorities may have types of their own. */
function typeCondition(text: string | undefined): Filter[] {
  if (text === undefined) return [];
  if (!/^\p{L}[\p{L}\p{N} _-]{0,63}$/u.test(text))
    throw new InvalidRequestError(
      `type: '${text.slice(0, 40)}' is no type of an org, as school or district are.`,
      'type',
    );
  const value = findType(text) ?? text;
  return [{ kind: 'compare', operator: 'eq', path: 'type', value: { type: 'enum', value } }];
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/iu;

function parentCondition(text: string | undefined): Filter[] {
  if (text === undefined) return [];
  if (!UUID.test(text))
    throw new InvalidRequestError(`parent: '${text.slice(0, 40)}' is not the id of an org.`, 'parent');
  const value = text.toLowerCase();
  return [{ kind: 'compare', operator: 'eq', path: 'parent/id', value: { type: 'guid', value } }];
}
