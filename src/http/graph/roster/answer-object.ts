import type { FastifyRequest } from 'fastify';
import { inTenant } from '#storage/database.ts';
import { readObject } from '#storage/views/read-view.ts';
import type { View } from '#storage/views/view.ts';

import { contextUrl } from '../../odata/context-url.ts';
import { readQuery } from '../../odata/read-query.ts';
import { shapeObject } from '../../odata/shape-object.ts';
import { expandRelated, refuseHiddenPeople } from './expand-related.ts';
import { keyOf, resourceNotFound, type RosterRoutes } from './roster-route.ts';
import { visiblePaths } from './visible-paths.ts';

/** One object in Graph's shape. Throws NotFoundError when it is not there, is inactive or is another tenant's. */
export async function answerObject(
  routes: RosterRoutes,
  request: FastifyRequest,
  { view, set }: { view: View; set: string },
): Promise<Record<string, unknown>> {
  const { context, version } = routes;
  const { select, expand } = readQuery(request, view);
  const paths = visiblePaths(request, view, { select, filter: undefined, orderBy: [] });
  refuseHiddenPeople(request, view, { expand, filter: undefined });
  const id = keyOf(request, view);
  const { row, expanded } = await inTenant(
    context.db,
    request.caller.tenantId,
    async (tx) => {
      const row = await readObject(tx, view, id, paths);
      if (row === undefined) throw resourceNotFound(id);
      return { row, expanded: await expandRelated(tx, routes, request, { view, rows: [row], expand }) };
    },
    { readOnly: true },
  );
  const root = { baseUrl: request.baseUrl, version };
  return {
    '@odata.context': contextUrl(root, set, { select, expand, entity: true }),
    ...shapeObject(view, paths, row),
    ...expanded.get(String(row['@id'])),
  };
}
