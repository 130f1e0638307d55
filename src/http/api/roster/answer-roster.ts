import type { FastifyReply, FastifyRequest } from 'fastify';

import { inTenant } from '#storage/database.ts';
import { readObject, readPage } from '#storage/views/read-view.ts';
import type { Relation } from '#storage/views/relations.ts';
import { allLeaves, type View, withInactive } from '#storage/views/view.ts';

import type { HttpContext } from '../../context.ts';
import { keyOf, resourceNotFound } from '../../graph/roster/roster-route.ts';
import { nextLink } from '../../odata/next-link.ts';
import { pageSizeOf } from '../../odata/page-size.ts';
import { shapeObject } from '../../odata/shape-object.ts';
import { openSkipToken, sealSkipToken } from '../../odata/skip-token.ts';
import { readRosterQuery, type RosterFilter } from './roster-query.ts';

export interface RosterCollection {
  readonly view: View;
  /** What the list takes beside includeInactive. */
  readonly filters?: readonly RosterFilter[];
  /** Only what belongs to the object that the path names. */
  readonly of?: { readonly view: View; readonly relation: Relation };
}

/**
 * A page of a collection, as the Graph collections of the roster are paged: by keyset, with a sealed token that goes on with the same query
 * alone. Throws NotFoundError when the object that it belongs to is not there, is inactive (without includeInactive) or is another tenant's.
 */
export async function answerRosterPage(
  context: HttpContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { view, filters = [], of }: RosterCollection,
): Promise<Record<string, unknown>> {
  const { tenantId } = request.caller;
  const names: readonly RosterFilter[] = ['includeInactive', ...filters];
  const query = readRosterQuery(request, view, { filters: names, options: ['$top', '$skiptoken'] });
  const { filter, includeInactive, top, skipToken } = query;
  const [address = ''] = request.url.split(/[?#]/u, 1);
  const path = includeInactive ? `${address}?includeInactive` : address;
  const paged = { tenantId, path, filter, orderBy: [] };
  const after = skipToken === undefined ? undefined : openSkipToken(context.secretBox, paged, skipToken);
  const limit = pageSizeOf(request, reply, top);
  const seen = (shown: View): View => (includeInactive ? withInactive(shown) : shown);
  const paths = allLeaves(view);
  const { rows, next } = await inTenant(
    context.db,
    tenantId,
    async (tx) => {
      const page = { view: seen(view), paths, filter, after, limit };
      if (of === undefined) return readPage(tx, page);
      const key = keyOf(request, of.view);
      const parent = await readObject(tx, seen(of.view), key, []);
      if (parent === undefined) throw resourceNotFound(key);
      return readPage(tx, { ...page, of: { relation: of.relation, parentId: String(parent['@id']) } });
    },
    { readOnly: true },
  );
  return {
    value: rows.map((row) => shapeObject(view, paths, row)),
    ...(next === undefined
      ? {}
      : { '@odata.nextLink': nextLink(request, sealSkipToken(context.secretBox, paged, next), names) }),
  };
}

/** The one object that the path names. Throws NotFoundError as answerRosterPage does. */
export async function answerRosterObject(
  context: HttpContext,
  request: FastifyRequest,
  view: View,
): Promise<Record<string, unknown>> {
  const { includeInactive } = readRosterQuery(request, view, { filters: ['includeInactive'], options: [] });
  const key = keyOf(request, view);
  const seen = includeInactive ? withInactive(view) : view;
  const row = await inTenant(context.db, request.caller.tenantId, (tx) => readObject(tx, seen, key), {
    readOnly: true,
  });
  if (row === undefined) throw resourceNotFound(key);
  return shapeObject(view, allLeaves(view), row);
}
