import { DELEGATED_PERMISSIONS, isApplicationPermission, type SignedInPerson } from './permissions.ts';

/** What a verified access token of an external issuer says of its caller. */
export interface TokenClaims {
  /** The client that the token was given to. */
  readonly clientId: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly person?: SignedInPerson;
}

type Claims = Readonly<Record<string, unknown>>;

/** What an application's own token never says. */
const OF_A_PERSON = ['nonce', 'at_hash', 'auth_time', 'upn', 'preferred_username', 'email', 'given_name'];
/** Of the first administrator alone, whatever another issuer says. */
const NEVER_FROM_OUTSIDE = 'Rollbook.System.Manage';

/**
 * Reads the claims of Entra (v1 and v2), of RFC 9068, and what lies between. A token is a person's as soon as it may be one: then only
 * its scopes count, else only its roles. Undefined: it names no client, or is no access token.
 */
export function readTokenClaims(claims: Claims): TokenClaims | undefined {
  const clientId = textOf(claims['azp']) ?? textOf(claims['appid']) ?? textOf(claims['client_id']);
  const subject = textOf(claims['sub']);
  if (clientId === undefined || subject === undefined || !isAccessToken(claims)) return undefined;
  if (isApplicationsOwn(claims, clientId, subject))
    return { clientId, roles: rolesOf(claims['roles']), scopes: [] };
  const objectId = textOf(claims['oid']);
  const userPrincipalName = textOf(claims['upn']) ?? textOf(claims['preferred_username']);
  return {
    clientId,
    roles: [],
    scopes: scopesOf(claims),
    person: {
      subject,
      ...(objectId === undefined ? {} : { objectId }),
      ...(userPrincipalName === undefined ? {} : { userPrincipalName }),
    },
  };
}

/** Keycloak says in `typ` what a token is; its ID and refresh tokens have the same signature. */
function isAccessToken({ typ }: Claims): boolean {
  return typ === undefined || (typeof typ === 'string' && typ.toLowerCase() === 'bearer');
}

/**
 * In this order: `scp` makes it a person's; `idtyp` says it (Entra, or a claim that an administrator sets); a subject that is the client is
 * the application itself (RFC 9068, 2.2); `scope` without that is a person's, and so is whatever tells of a sign-in.
 */
function isApplicationsOwn(claims: Claims, clientId: string, subject: string): boolean {
  if (wordsOf(claims['scp']).length > 0) return false;
  if (claims['idtyp'] !== undefined) return claims['idtyp'] === 'app';
  if (subject === clientId) return true;
  return wordsOf(claims['scope']).length === 0 && OF_A_PERSON.every((name) => claims[name] === undefined);
}

function rolesOf(roles: unknown): string[] {
  if (!Array.isArray(roles)) return [];
  return roles.filter(
    (role): role is string =>
      typeof role === 'string' && isApplicationPermission(role) && role !== NEVER_FROM_OUTSIDE,
  );
}

function scopesOf(claims: Claims): string[] {
  const scp = wordsOf(claims['scp']);
  const known: readonly string[] = DELEGATED_PERMISSIONS;
  return (scp.length > 0 ? scp : wordsOf(claims['scope'])).filter((word) => known.includes(word));
}

/** Words in one text, or in a list of texts. */
function wordsOf(value: unknown): string[] {
  const texts = Array.isArray(value) ? value : [value];
  return texts.flatMap((text) => (typeof text === 'string' ? text.split(/\s+/) : [])).filter(Boolean);
}

/** No text in the database holds U+0000, so nobody there has such a name. */
function textOf(value: unknown): string | undefined {
  const isName = typeof value === 'string' && value !== '' && value.length <= 256 && !value.includes('\0');
  return isName ? value : undefined;
}
