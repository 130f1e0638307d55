import type { Filter } from '#core/query/filter.ts';
import type { OrderBy } from '#core/query/parse-order-by.ts';
import { assert, must } from '#lib/assert.ts';

import type { Tx } from '../database.ts';
import { Binder, filterToSql } from './filter-to-sql.ts';
import type { Relation } from './relations.ts';
import { aliasOf, allLeaves, type View, type ViewNavigation, type ViewRow } from './view.ts';

/** Where a page ended: the id of its last object and, when it is ordered, what it was ordered by. */
export interface PageKey {
  readonly id: string;
  readonly sort?: readonly string[];
}

export interface ViewQuery {
  readonly view: View;
  /** Only objects that belong to this one. */
  readonly of?: { readonly relation: Relation; readonly parentId: string };
  readonly filter?: Filter | undefined;
}

export interface PageQuery extends ViewQuery {
  /** Paths to read (leaves). */
  readonly paths: readonly string[];
  /** SQL: columns to read besides, of what the view's paths do not name. */
  readonly columns?: string;
  readonly orderBy?: readonly OrderBy[];
  readonly after?: PageKey | undefined;
  /** Rows passed over, counted from the first one. */
  readonly skip?: number;
  readonly limit: number;
}

/**
 * One page in one statement, by keyset: after the last key, never by offset, so rows that come and go move nothing else. In the
 * order of ids the primary key gives the order; with orderBy the matching rows are sorted. `next` is undefined on the last page.
 */
export async function readPage(
  tx: Tx,
  query: PageQuery,
): Promise<{ rows: ViewRow[]; next: PageKey | undefined }> {
  const { view, after, limit, skip = 0 } = query;
  const binder = new Binder();
  const conditions = conditionsOf(query, binder);
  const keys = sortKeys(view, query.orderBy ?? []);
  let { from } = view;
  if (after !== undefined) {
    const bound = keys.map(({ type }, index) =>
      binder.bind(must([...(after.sort ?? []), after.id][index]), type),
    );
    conditions.push(beyond(keys, bound));
    const [id] = bound;
    if (view.fromBehind !== undefined && keys.length === 1) from = view.fromBehind(must(id));
  }
  const columns = [
    ...query.paths.flatMap((path) => columnOf(view, path)),
    ...(query.columns === undefined ? [] : [query.columns]),
    `${view.id} as "@id"`,
    ...sortColumns(keys),
  ];
  // What belongs to an object is little, and making a plan for it was a third of what it cost.
  const keep =
    query.of !== undefined && query.filter === undefined && (query.orderBy ?? []).length === 0 && skip === 0;
  const most = keep ? limitOfKept(limit + 1) : binder.bind(limit + 1, 'int4');
  const offset = skip === 0 ? '' : ` offset ${binder.bind(skip, 'int8')}`;
  const rows = await tx.query<ViewRow>(
    `select ${columns.join(', ')} from ${from} where ${conditions.join(' and ')}
      order by ${orderOf(keys)} limit ${most}${offset}`,
    binder.values,
    { keep },
  );
  if (rows.length <= limit) return { rows, next: undefined };
  const page = rows.slice(0, limit);
  return { rows: page, next: pageKeyOf(view, must(page.at(-1)), query.orderBy) };
}

/**
 * A number in the text of a statement that is kept. A plan that is made for any limit takes it for a tenth of all there is, and reads everything in the
 * order of the page.
 */
function limitOfKept(limit: number): string {
  assert(Number.isSafeInteger(limit) && limit >= 0, 'a limit is a number of rows');
  return String(limit);
}

/** Where a page ended whose last row was this one. */
export function pageKeyOf(view: View, row: ViewRow, orderBy: readonly OrderBy[] = []): PageKey {
  const id = String(row['@id']);
  const sort = sortKeys(view, orderBy)
    .slice(0, -1)
    .map((_, index) => String(row[`@sort${index}`]));
  return sort.length === 0 ? { id } : { id, sort };
}

/**
 * Of each of these objects the related ones, in the order of their view, `limit` + 1 at most: one more than asked for says that there
 * are others. `@parent` is the object's id.
 */
export async function readRelated(
  tx: Tx,
  query: {
    readonly navigation: ViewNavigation;
    readonly parentIds: readonly string[];
    readonly paths: readonly string[];
    readonly limit: number;
  },
): Promise<ViewRow[]> {
  const view = query.navigation.target();
  const keys = sortKeys(view, []);
  const columns = [
    ...query.paths.flatMap((path) => columnOf(view, path)),
    `${view.id} as "@id"`,
    ...sortColumns(keys),
  ];
  return tx.query<ViewRow>(
    `select parent.id as "@parent", related.* from unnest($1::uuid[]) parent(id)
      cross join lateral (
        select ${columns.join(', ')} from ${view.from}
         where ${view.condition} and ${query.navigation.relation.condition('parent.id')}
         order by ${orderOf(keys)} limit ${limitOfKept(query.limit + 1)}) related`,
    [query.parentIds],
    { keep: true },
  );
}

/** How many objects a query has on all its pages. */
export async function countObjects(tx: Tx, query: ViewQuery): Promise<number> {
  const binder = new Binder();
  const conditions = conditionsOf(query, binder);
  const rows = await tx.query<{ total: number }>(
    `select count(*)::float8 as total from ${query.view.from} where ${conditions.join(' and ')}`,
    binder.values,
  );
  return must(rows[0]).total;
}

/** One object, or undefined when there is none by that id (or alternate key, where the view has one) or it is inactive. */
export async function readObject(
  tx: Tx,
  view: View,
  id: string,
  paths: readonly string[] = allLeaves(view),
): Promise<ViewRow | undefined> {
  const columns = [...paths.flatMap((path) => columnOf(view, path)), `${view.id} as "@id"`];
  const key = isUuid(id) ? `${view.id} = $1::uuid` : `${must(view.alternateKey)} = lower($1)`;
  const rows = await tx.query<ViewRow>(
    `select ${columns.join(', ')} from ${view.from} where ${key} and ${view.condition}`,
    [id],
    { keep: true },
  );
  return rows[0];
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function isUuid(text: string): boolean {
  return UUID.test(text);
}

function conditionsOf(query: ViewQuery, binder: Binder): string[] {
  const conditions = [query.view.condition];
  if (query.of !== undefined) {
    conditions.push(query.of.relation.condition(binder.bind(query.of.parentId, 'uuid')));
  }
  if (query.filter !== undefined) conditions.push(filterToSql(query.filter, query.view, binder));
  return conditions;
}

interface SortKey {
  readonly sql: string;
  readonly type: 'text' | 'uuid';
  readonly descending: boolean;
}

/** What a page is sorted by, as text, the id last. No value sorts first, as OData wants it. */
function sortKeys(view: View, orderBy: readonly OrderBy[]): readonly SortKey[] {
  const asked = orderBy.map(({ path, descending }) => {
    const { sql, type, sortedBy } = must(view.properties[path]);
    if (sortedBy !== undefined) return { sql: sortedBy, descending };
    const text = type === 'string' ? `lower(${must(sql)})` : `(${must(sql)})::text`;
    return { sql: `coalesce(${text}, '')`, descending };
  });
  const order = asked.length === 0 ? (view.order ?? []) : asked;
  const keys = order.map((key): SortKey => ({ ...key, type: 'text' }));
  return [...keys, { sql: view.id, type: 'uuid', descending: keys.at(-1)?.descending ?? false }];
}

/** All but the id, which every row has as `@id`. */
function sortColumns(keys: readonly SortKey[]): string[] {
  return keys.slice(0, -1).map(({ sql }, index) => `${sql} as "@sort${index}"`);
}

function orderOf(keys: readonly SortKey[]): string {
  return keys.map(({ sql, descending }) => `${sql} ${descending ? 'desc' : 'asc'}`).join(', ');
}

/** Rows behind a key. In one direction they are compared as one row, which an index can follow. */
function beyond(keys: readonly SortKey[], bound: readonly string[]): string {
  const [first] = keys;
  if (keys.every(({ descending }) => descending === first?.descending)) {
    const operator = first?.descending ? '<' : '>';
    return `(${keys.map(({ sql }) => sql).join(', ')}) ${operator} (${bound.join(', ')})`;
  }
  const alternatives = keys.map(({ sql, descending }, index) => {
    const equal = keys.slice(0, index).map((key, before) => `${key.sql} = ${bound[before]}`);
    return [...equal, `${sql} ${descending ? '<' : '>'} ${bound[index]}`].join(' and ');
  });
  return `(${alternatives.map((alternative) => `(${alternative})`).join(' or ')})`;
}

/** Constants are not asked for. */
export function columnOf(view: View, path: string): string[] {
  const sql = view.properties[path]?.sql;
  return sql === undefined ? [] : [`${sql} as "${aliasOf(view, path)}"`];
}
