import type { Caller, Requirement } from './permissions.ts';

const GRAPHS_SENTENCE = 'Insufficient privileges to complete the operation.';

/** Why a caller may not, and which permissions would do: the message of a 403, after Graph's own sentence. */
export function refusalOf(
  caller: Pick<Caller, 'roles' | 'scopes' | 'person'>,
  requirement: Requirement,
): string {
  const { application, delegated } = requirement;
  const isPersons = caller.person !== undefined || caller.scopes.length > 0;
  const wanted = isPersons ? delegated : application;
  const held = isPersons ? caller.scopes : caller.roles;
  if (wanted.length === 0)
    return isPersons
      ? `${GRAPHS_SENTENCE} The token is delegated (it acts for a person), and this operation takes tokens of applications only, with ${oneOf(application)} in roles.`
      : `${GRAPHS_SENTENCE} The token is an application's, and this operation takes delegated tokens only, with ${oneOf(delegated)} in scp.`;
  const kind = isPersons ? 'delegated permissions (scp)' : 'application permissions (roles)';
  return `${GRAPHS_SENTENCE} It needs ${oneOf(wanted)} among the ${kind} of the token, which has ${held.length === 0 ? 'none' : held.join(', ')}.`;
}

function oneOf(permissions: readonly string[]): string {
  const last = permissions.at(-1) ?? 'no permission';
  return permissions.length < 2 ? last : `${permissions.slice(0, -1).join(', ')} or ${last}`;
}
