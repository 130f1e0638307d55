import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Tx } from '#storage/database.ts';
import { countObjects, readObject, readPage, type ViewQuery } from '#storage/views/read-view.ts';
import type { Relation } from '#storage/views/relations.ts';
import type { View } from '#storage/views/view.ts';

import { contextUrl } from '../../odata/context-url.ts';
import { nextLink } from '../../odata/next-link.ts';
import { EXPANDED_PAGE_SIZE, pageSizeOf } from '../../odata/page-size.ts';
import { readForAnswer } from '../../odata/read-for-answer.ts';
import { readQuery } from '../../odata/read-query.ts';
import { shapeObject } from '../../odata/shape-object.ts';
import { openSkipToken, sealSkipToken } from '../../odata/skip-token.ts';
import { expandRelated, refuseHiddenPeople } from './expand-related.ts';
import { isId, resourceNotFound, type RosterRoutes } from './roster-route.ts';
import { visiblePaths } from './visible-paths.ts';

export interface Collection {
  readonly view: View;
  /** What `@odata.context` names. */
  readonly set: string;
  /** Whether each object says its type. */
  readonly typed?: boolean;
  /** Only objects that belong to this one of another view; `id`: or its alternate key (keyOf). */
  readonly of?: { readonly view: View; readonly id: string; readonly relation: Relation };
}

/** What a collection is restricted to. Throws NotFoundError for an alternate key that nobody has. */
export async function parentOf(tx: Tx, of: Collection['of']): Promise<Pick<ViewQuery, 'of'>> {
  if (of === undefined) return {};
  const { view, id, relation } = of;
  if (isId(id)) return { of: { relation, parentId: id } };
  const parent = await readObject(tx, view, id, []);
  if (parent === undefined) throw resourceNotFound(id);
  return { of: { relation, parentId: String(parent['@id']) } };
}

/**
 * A page of a collection in Graph's envelope. One statement reads it, one more each navigation that is expanded, and one counts, when
 * that is asked for, on the first page. Throws NotFoundError when the object it belongs to is not there.
 */
export async function answerCollection(
  routes: RosterRoutes,
  request: FastifyRequest,
  reply: FastifyReply,
  { view, set, typed, of }: Collection,
): Promise<Record<string, unknown>> {
  const { context, version } = routes;
  const { tenantId } = request.caller;
  const options = readQuery(request, view);
  const paths = visiblePaths(request, view, options);
  const { filter, orderBy, skip, skipToken, select, expand } = options;
  refuseHiddenPeople(request, view, options);
  const [path = ''] = request.url.split(/[?#]/, 1);
  const paged = { tenantId, path, filter, orderBy };
  const after = skipToken === undefined ? undefined : openSkipToken(context.secretBox, paged, skipToken);
  const asked = pageSizeOf(request, reply, options.top);
  const limit = expand.length === 0 ? asked : Math.min(asked, EXPANDED_PAGE_SIZE);
  const { rows, next, expanded, count } = await readForAnswer(context, tenantId, async (tx) => {
    const query: ViewQuery = { view, filter, ...(await parentOf(tx, of)) };
    const page = await readPage(tx, { ...query, paths, orderBy, after, skip, limit });
    if (of !== undefined && page.rows.length === 0 && !(await readObject(tx, of.view, of.id, []))) {
      throw resourceNotFound(of.id);
    }
    const counted = options.count && after === undefined;
    return {
      ...page,
      expanded: await expandRelated(tx, routes, request, { view, rows: page.rows, expand }),
      count: counted ? await countObjects(tx, query) : undefined,
    };
  });
  return {
    '@odata.context': contextUrl({ baseUrl: request.baseUrl, version }, set, { select, expand }),
    ...(count === undefined ? {} : { '@odata.count': count }),
    ...(next === undefined
      ? {}
      : { '@odata.nextLink': nextLink(request, sealSkipToken(context.secretBox, paged, next)) }),
    value: rows.map((row) => ({
      ...(typed ? { '@odata.type': `#${view.typeName}` } : {}),
      ...shapeObject(view, paths, row),
      ...expanded.get(String(row['@id'])),
    })),
  };
}
