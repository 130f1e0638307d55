import type { FastifyReply, FastifyRequest } from 'fastify';
import { allLeaves, type View, type ViewRow } from '#storage/views/view.ts';

import { contextUrl } from '../../odata/context-url.ts';
import { shapeObject } from '../../odata/shape-object.ts';
import { resourceNotFound, type RosterRoutes } from './roster-route.ts';

interface Written {
  readonly view: View;
  /** What `@odata.context` names, and the path of the collection. */
  readonly set: string;
}

/** 201 with the object that was made, and where it is. */
export function answerCreated(
  { version }: RosterRoutes,
  request: FastifyRequest,
  reply: FastifyReply,
  written: Written & { row: ViewRow },
): FastifyReply {
  return reply
    .code(201)
    .header('location', `${request.baseUrl}/${version}/${written.set}/${String(written.row['@id'])}`)
    .send(bodyOf(version, request, written));
}

/** The object as it is after an update. Throws NotFoundError when there was none. */
export function answerUpdated(
  { version }: RosterRoutes,
  request: FastifyRequest,
  written: Written & { id: string; row: ViewRow | undefined },
): Record<string, unknown> {
  const { row } = written;
  if (row === undefined) throw resourceNotFound(written.id);
  return bodyOf(version, request, { ...written, row });
}

function bodyOf(
  version: RosterRoutes['version'],
  request: FastifyRequest,
  { view, set, row }: Written & { row: ViewRow },
): Record<string, unknown> {
  const context = contextUrl({ baseUrl: request.baseUrl, version }, set, { entity: true });
  return { '@odata.context': context, ...shapeObject(view, allLeaves(view), row) };
}
