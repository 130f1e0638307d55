import type { FastifyReply, FastifyRequest } from 'fastify';
import { countObjects, readObject } from '#storage/views/read-view.ts';

import { readForAnswer } from '../../odata/read-for-answer.ts';
import { readQuery } from '../../odata/read-query.ts';
import { parentOf, type Collection } from './answer-collection.ts';
import { refuseHiddenPeople } from './expand-related.ts';
import { resourceNotFound, type RosterRoutes } from './roster-route.ts';
import { visiblePaths } from './visible-paths.ts';

export const COUNT_OPTIONS = ['$filter', '$search'] as const;

/** How many objects a collection has, as text. Throws NotFoundError when the object it belongs to is not there. */
export async function answerCount(
  { context }: RosterRoutes,
  request: FastifyRequest,
  reply: FastifyReply,
  { view, of }: Pick<Collection, 'view' | 'of'>,
): Promise<FastifyReply> {
  const options = readQuery(request, view);
  visiblePaths(request, view, options);
  refuseHiddenPeople(request, view, options);
  const count = await readForAnswer(context, request.caller.tenantId, async (tx) => {
    if (of !== undefined && !(await readObject(tx, of.view, of.id, []))) throw resourceNotFound(of.id);
    const { filter } = options;
    return countObjects(tx, { view, filter, ...(await parentOf(tx, of)) });
  });
  return reply.type('text/plain').send(String(count));
}
