import type { Filter } from '#core/query/filter.ts';
import { must } from '#lib/assert.ts';

import type { Tx } from '../database.ts';
import { Binder, filterToSql } from './filter-to-sql.ts';
import type { Relation } from './relations.ts';
import { allLeaves, type View, type ViewRow } from './view.ts';

/** Where a page ended: the id of its last object and, when it is ordered, what it was ordered by. */
export interface PageKey {
  readonly id: string;
  readonly sort?: string;
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
  readonly orderBy?: { readonly path: string; readonly descending: boolean } | undefined;
  readonly after?: PageKey | undefined;
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
  const { view, orderBy, after, limit } = query;
  const binder = new Binder();
  const conditions = conditionsOf(query, binder);
  const sort = orderBy === undefined ? undefined : sortExpression(view, orderBy.path);
  const [direction, beyond] = orderBy?.descending ? (['desc', '<'] as const) : (['asc', '>'] as const);
  if (after !== undefined) {
    const id = binder.bind(after.id, 'uuid');
    conditions.push(
      sort === undefined
        ? `${view.id} > ${id}`
        : `(${sort}, ${view.id}) ${beyond} (${binder.bind(after.sort ?? '', 'text')}, ${id})`,
    );
  }
  const columns = [
    ...query.paths.flatMap((path) => columnOf(view, path)),
    `${view.id} as "@id"`,
    ...(sort === undefined ? [] : [`${sort} as "@sort"`]),
  ];
  const order = sort === undefined ? view.id : `${sort} ${direction}, ${view.id} ${direction}`;
  const rows = await tx.query<ViewRow>(
    `select ${columns.join(', ')} from ${view.from} where ${conditions.join(' and ')}
      order by ${order} limit ${binder.bind(limit + 1, 'int4')}`,
    binder.values,
  );
  if (rows.length <= limit) return { rows, next: undefined };
  const page = rows.slice(0, limit);
  const last = must(page.at(-1));
  const id = String(last['@id']);
  return { rows: page, next: sort === undefined ? { id } : { id, sort: String(last['@sort']) } };
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

/** One object, or undefined when there is none by that id or it is inactive. */
export async function readObject(
  tx: Tx,
  view: View,
  id: string,
  paths: readonly string[] = allLeaves(view),
): Promise<ViewRow | undefined> {
  const columns = [...paths.flatMap((path) => columnOf(view, path)), `${view.id} as "@id"`];
  const rows = await tx.query<ViewRow>(
    `select ${columns.join(', ')} from ${view.from} where ${view.id} = $1::uuid and ${view.condition}`,
    [id],
  );
  return rows[0];
}

function conditionsOf(query: ViewQuery, binder: Binder): string[] {
  const conditions = [query.view.condition];
  if (query.of !== undefined) {
    conditions.push(query.of.relation.condition(binder.bind(query.of.parentId, 'uuid')));
  }
  if (query.filter !== undefined) conditions.push(filterToSql(query.filter, query.view, binder));
  return conditions;
}

/** No value sorts first, as OData wants it. */
function sortExpression(view: View, path: string): string {
  return `lower(coalesce(${must(view.properties[path]?.sql)}, ''))`;
}

/** Constants are not asked for. */
function columnOf(view: View, path: string): string[] {
  const sql = view.properties[path]?.sql;
  return sql === undefined ? [] : [`${sql} as "${path}"`];
}
