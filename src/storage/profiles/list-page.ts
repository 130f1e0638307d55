import type { Filter } from '#core/query/filter.ts';
import { must } from '#lib/assert.ts';

import { Binder, filterToSql } from '../views/filter-to-sql.ts';
import type { View } from '../views/view.ts';

/** Which part of a collection, in which order. */
export interface ListPage {
  /** 0: only the count is asked for. */
  readonly limit: number;
  readonly offset: number;
  readonly filter?: Filter | undefined;
  /** A property that the view can order by; the id breaks ties. */
  readonly orderBy?: { readonly path: string; readonly descending: boolean } | undefined;
}

/** Condition and ORDER BY of a page; values are bound in `binder`. */
export function pageToSql(
  page: ListPage,
  view: View,
  defaultOrder: string,
): { where: string; orderBy: string; binder: Binder } {
  const binder = new Binder();
  const filter = page.filter === undefined ? 'true' : filterToSql(page.filter, view, binder);
  const order =
    page.orderBy === undefined
      ? defaultOrder
      : `${must(view.properties[page.orderBy.path]?.sql)} ${page.orderBy.descending ? 'desc nulls last' : 'asc nulls first'}`;
  return { where: `${view.condition} and ${filter}`, orderBy: `order by ${order}, ${view.id}`, binder };
}
