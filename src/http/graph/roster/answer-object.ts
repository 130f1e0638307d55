import type { FastifyRequest } from 'fastify';
import { inTenant } from '#storage/database.ts';
import { readObject } from '#storage/views/read-view.ts';
import type { View } from '#storage/views/view.ts';

import { contextUrl } from '../../odata/context-url.ts';
import { readQuery } from '../../odata/read-query.ts';
import { shapeObject } from '../../odata/shape-object.ts';
import { idOf, resourceNotFound, type RosterRoutes } from './roster-route.ts';
import { visiblePaths } from './visible-paths.ts';

/** One object in Graph's shape. Throws NotFoundError when it is not there, is inactive or is another tenant's. */
export async function answerObject(
  { context, version }: RosterRoutes,
  request: FastifyRequest,
  { view, set }: { view: View; set: string },
): Promise<Record<string, unknown>> {
  const { select } = readQuery(request, view, ['$select']);
  const paths = visiblePaths(request, view, { select, filter: undefined, orderBy: undefined });
  const id = idOf(request);
  const row = await inTenant(context.db, request.caller.tenantId, (tx) => readObject(tx, view, id, paths), {
    readOnly: true,
  });
  if (row === undefined) throw resourceNotFound(id);
  const root = { baseUrl: request.baseUrl, version };
  return {
    '@odata.context': contextUrl(root, set, { select, entity: true }),
    ...shapeObject(view, paths, row),
  };
}
