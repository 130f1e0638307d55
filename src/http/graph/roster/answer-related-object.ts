import type { FastifyRequest } from 'fastify';
import { inTenant } from '#storage/database.ts';
import { readPage } from '#storage/views/read-view.ts';

import { contextUrl } from '../../odata/context-url.ts';
import { readQuery } from '../../odata/read-query.ts';
import { shapeObject } from '../../odata/shape-object.ts';
import { parentOf, type Collection } from './answer-collection.ts';
import { resourceNotFound, type RosterRoutes } from './roster-route.ts';
import { visiblePaths } from './visible-paths.ts';

/** The one related object, such as the group of a class. Throws NotFoundError when there is none. */
export async function answerRelatedObject(
  { context, version }: RosterRoutes,
  request: FastifyRequest,
  { view, of }: { readonly view: Collection['view']; readonly of: NonNullable<Collection['of']> },
): Promise<Record<string, unknown>> {
  const { select } = readQuery(request, view);
  const paths = visiblePaths(request, view, { select, filter: undefined, orderBy: [] });
  const { rows } = await inTenant(
    context.db,
    request.caller.tenantId,
    async (tx) => readPage(tx, { view, paths, limit: 1, ...(await parentOf(tx, of)) }),
    { readOnly: true },
  );
  const [row] = rows;
  if (row === undefined) throw resourceNotFound(of.id);
  const root = { baseUrl: request.baseUrl, version };
  const set = view.typeName.replace(/^microsoft\.graph\./, '');
  return {
    '@odata.context': contextUrl(root, `${set}s`, { select, entity: true }),
    ...shapeObject(view, paths, row),
  };
}
