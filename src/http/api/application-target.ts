import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ApplicationTarget } from '#access/change-applications.ts';
import { NotFoundError } from '#lib/errors.ts';

/** Which application of the caller's tenant the path names. Errors: NotFoundError for an id that is none. */
export function targetOf(request: FastifyRequest): ApplicationTarget {
  const id = z.uuid().safeParse((request.params as { id: string }).id.toLowerCase());
  if (!id.success) throw new NotFoundError('There is no application by that id in this tenant.');
  const { tenantId, applicationId } = request.caller;
  return { tenantId, id: id.data, actor: applicationId };
}
