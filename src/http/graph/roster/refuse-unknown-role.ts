import { InvalidRequestError } from '#lib/errors.ts';

import type { GraphVersion } from '../../scopes.ts';

/** Throws InvalidRequestError for a role that this version has no word for. */
export function refuseUnknownRole(user: { primaryRole?: unknown }, version: GraphVersion): void {
  if (user.primaryRole === 'faculty' && version === 'v1.0') {
    throw new InvalidRequestError('primaryRole: faculty is a member in beta only.', 'primaryRole');
  }
}
