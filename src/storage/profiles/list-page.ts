import type { Filter } from '#core/query/filter.ts';
import type { OrderBy } from '#core/query/parse-order-by.ts';
import { must } from '#lib/assert.ts';

import { Binder, filterToSql } from '../views/filter-to-sql.ts';
import type { View } from '../views/view.ts';

/** Which part of a collection, in which order. */
export interface ListPage {
  /** 0: only the count is asked for. */
  readonly limit: number;
  readonly offset: number;
  readonly filter?: Filter | undefined;
  /** The id breaks ties. */
  readonly orderBy?: readonly OrderBy[];
}

/** Condition and ORDER BY of a page; values are bound in `binder`. */
export function pageToSql(
  page: ListPage,
  view: View,
  defaultOrder: string,
): { where: string; orderBy: string; binder: Binder } {
  const binder = new Binder();
  const filter = page.filter === undefined ? 'true' : filterToSql(page.filter, view, binder);
  const order = (page.orderBy ?? []).map(
    ({ path, descending }) =>
      `${must(view.properties[path]?.sql)} ${descending ? 'desc nulls last' : 'asc nulls first'}`,
  );
  const orderBy = `order by ${[...(order.length === 0 ? [defaultOrder] : order), view.id].join(', ')}`;
  return { where: `${view.condition} and ${filter}`, orderBy, binder };
}
