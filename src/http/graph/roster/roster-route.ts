import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  READ_DIRECTORY,
  READ_ROSTER_BASIC,
  WRITE_ROSTER,
  WRITE_USER,
  type Requirement,
} from '#core/permissions.ts';
import { NotFoundError } from '#lib/errors.ts';
import { directoryViews, type DirectoryViews } from '#storage/views/directory-views.ts';
import type { View } from '#storage/views/view.ts';

import { requirePermission, type Guard } from '../../auth/require-permission.ts';
import type { HttpContext } from '../../context.ts';
import type { GraphVersion } from '../../scopes.ts';

/** What the roster's operations share. */
export interface RosterRoutes {
  readonly scope: FastifyInstance;
  readonly context: HttpContext;
  readonly version: GraphVersion;
  readonly views: DirectoryViews;
  readonly mayRead: Guard;
  readonly mayListUsers: Guard;
  readonly mayWrite: Guard;
  readonly mayWriteUser: Guard;
}

/** Applications alone: a signed-in person reads no lists of people. */
export const LIST_USERS: Requirement = { application: READ_ROSTER_BASIC.application, delegated: [] };
/** The same where the directory shows them. */
export const LIST_PEOPLE: Requirement = { application: READ_DIRECTORY.application, delegated: [] };

export function rosterRoutes(
  scope: FastifyInstance,
  context: HttpContext,
  version: GraphVersion,
): RosterRoutes {
  return {
    scope,
    context,
    version,
    views: directoryViews(version),
    mayRead: requirePermission(context, READ_ROSTER_BASIC),
    mayListUsers: requirePermission(context, LIST_USERS),
    mayWrite: requirePermission(context, WRITE_ROSTER),
    mayWriteUser: requirePermission(context, WRITE_USER),
  };
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export function isId(text: string): boolean {
  return UUID.test(text);
}

/** An id in the path, in lower case. Throws NotFoundError for what is none: no object has it. */
export function idOf(request: FastifyRequest, name = 'id'): string {
  const { [name]: id = '' } = request.params as Record<string, string>;
  if (!isId(id)) throw resourceNotFound(id);
  return id.toLowerCase();
}

/** The id in the path or, where the view has one, the alternate key: a user principal name. Throws NotFoundError for what is neither. */
export function keyOf(request: FastifyRequest, view: View): string {
  const { id = '' } = request.params as Record<string, string>;
  return view.alternateKey !== undefined && USER_NAME.test(id) ? id : idOf(request);
}

const USER_NAME = /^[^@\0]{1,64}@[^@\0]{1,255}$/u;

/** In Graph's words. */
export function resourceNotFound(id: string): NotFoundError {
  return new NotFoundError(
    `Resource '${id.slice(0, 64)}' does not exist or one of its queried reference-property objects are not present.`,
  );
}
