import type { FastifyRequest } from 'fastify';
import { ForbiddenError } from '#access/access-errors.ts';
import { isAllowed } from '#core/permissions.ts';
import { pathsOf } from '#core/query/filter.ts';
import type { Expand } from '#core/query/parse-expand.ts';
import type { QueryOptions } from '#core/query/query-options.ts';
import { must } from '#lib/assert.ts';
import type { Tx } from '#storage/database.ts';
import { pageKeyOf, readRelated } from '#storage/views/read-view.ts';
import type { View, ViewRow } from '#storage/views/view.ts';

import { RELATED_LIMIT } from '../../odata/page-size.ts';
import { relatedLink } from '../../odata/related-link.ts';
import { shapeObject } from '../../odata/shape-object.ts';
import { navigationOf } from './entity-set.ts';
import { LIST_PEOPLE, type RosterRoutes } from './roster-route.ts';
import { visiblePaths } from './visible-paths.ts';

/** Values by the id of the object they belong to: what `$expand` adds to it. */
export type Expanded = ReadonlyMap<string, Record<string, unknown>>;

/** What `$expand` adds to the objects of a page: one statement for each navigation. */
export async function expandRelated(
  tx: Tx,
  { context, version }: RosterRoutes,
  request: FastifyRequest,
  page: {
    readonly view: View;
    readonly rows: readonly ViewRow[];
    readonly expand: readonly Expand[];
  },
): Promise<Expanded> {
  const ids = page.rows.map((row) => String(row['@id']));
  const added = new Map<string, Record<string, unknown>>(ids.map((id) => [id, {}]));
  for (const { name, select } of page.expand) {
    const navigation = navigationOf(page.view, name);
    const view = navigation.target();
    const paths = visiblePaths(request, view, { select, filter: undefined, orderBy: [] });
    const query = { navigation, parentIds: ids, paths, limit: RELATED_LIMIT };
    const related = Map.groupBy(ids.length === 0 ? [] : await readRelated(tx, query), (row) =>
      String(row['@parent']),
    );
    for (const [id, object] of added) {
      const rows = related.get(id) ?? [];
      const shown = rows.slice(0, RELATED_LIMIT);
      const type = navigation.ofDirectoryObjects ? { '@odata.type': `#${view.typeName}` } : {};
      const values = shown.map((row) => ({ ...type, ...shapeObject(view, paths, row) }));
      if (navigation.single) {
        object[name] = values[0] ?? null;
        continue;
      }
      object[name] = values;
      if (rows.length === shown.length) continue;
      object[`${name}@odata.nextLink`] = relatedLink(request, context.secretBox, {
        path: `/${version}/${page.view.set}/${id}/${name}`,
        select,
        last: pageKeyOf(view, must(shown.at(-1))),
      });
    }
  }
  return added;
}

/** People of a school are a list of people, whichever way they are asked for: expanded, or by a filter that tells whether there is one. Throws ForbiddenError. */
export function refuseHiddenPeople(
  request: FastifyRequest,
  view: View,
  { expand, filter }: Pick<QueryOptions, 'expand' | 'filter'>,
): void {
  const hidden = PEOPLE_OF_SCHOOL[view.set];
  const asked = [...expand.map(({ name }) => name), ...(filter === undefined ? [] : pathsOf(filter))];
  if (hidden === undefined || !asked.includes(hidden) || isAllowed(request.caller, LIST_PEOPLE)) return;
  throw new ForbiddenError(
    `Insufficient privileges to complete the operation. The people of a school (${hidden}) are for applications with EduRoster.Read.All.`,
  );
}

/** Navigations from a school to its people, by the address of the set. */
const PEOPLE_OF_SCHOOL: Readonly<Record<string, string>> = {
  'education/schools': 'users',
  'directory/administrativeUnits': 'members',
};
