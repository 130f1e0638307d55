import { errors, jwtVerify, SignJWT } from 'jose';
import type { Caller } from '#core/permissions.ts';
import type { System } from '#lib/system.ts';
import { UnauthenticatedError } from './access-errors.ts';
import type { ApplicationStatus } from './application-status.ts';
import type { RememberedTokens } from './remembered-tokens.ts';
import type { SigningKeys } from './signing-keys.ts';
import { unknownIssuer } from './unknown-issuer.ts';

/** Who tokens are for: this service, under whatever address it was asked for. */
export const TOKEN_AUDIENCE = 'api://rollbook';
/** One hour less a second, as Entra says it. */
export const TOKEN_LIFETIME_SECONDS = 3_599;
/** What clocks of several processes may differ. */
export const CLOCK_TOLERANCE_SECONDS = 60;

export interface TokenContext {
  readonly system: System;
  readonly keys: SigningKeys;
}

/** An application's access token with the claims of Entra's version 2.0. `origin` has no slash at its end. */
export async function issueToken(
  context: TokenContext,
  input: {
    readonly origin: string;
    readonly tenantId: string;
    readonly applicationId: string;
    readonly permissions: readonly string[];
  },
): Promise<string> {
  const { system, keys } = context;
  const { tenantId, applicationId } = input;
  const nowSeconds = Math.floor(system.now().getTime() / 1_000);
  return new SignJWT({
    tid: tenantId,
    azp: applicationId,
    appid: applicationId,
    azpacr: '1',
    oid: applicationId,
    idtyp: 'app',
    roles: [...input.permissions],
    uti: system.randomBytes(16).toString('base64url'),
    ver: '2.0',
  })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: keys.current.kid })
    .setIssuer(`${input.origin}/${tenantId}/v2.0`)
    .setAudience(TOKEN_AUDIENCE)
    .setSubject(applicationId)
    .setIssuedAt(nowSeconds)
    .setNotBefore(nowSeconds)
    .setExpirationTime(nowSeconds + TOKEN_LIFETIME_SECONDS)
    .sign(keys.current.privateKey);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Checks a token of the built-in issuer: signature, audience, times, tenant, and that its application still may. The origin in
 * `iss` may be any of this service's addresses; signature and tenant bind it. Errors: UnauthenticatedError.
 */
export async function verifyToken(
  context: TokenContext & {
    readonly applications: ApplicationStatus;
    readonly remembered: RememberedTokens;
  },
  token: string,
): Promise<Caller> {
  const { remembered } = context;
  let payload = remembered.find(token);
  if (payload === undefined) {
    ({ payload } = await checkSignature(context, token));
    remembered.remember(token, payload);
  }
  const { tid, azp, roles, iss } = payload;
  const isOurs =
    typeof tid === 'string' &&
    UUID.test(tid) &&
    typeof azp === 'string' &&
    UUID.test(azp) &&
    Array.isArray(roles) &&
    iss?.endsWith(`/${tid}/v2.0`) === true;
  if (!isOurs)
    throw new UnauthenticatedError(
      'Access token validation failure. Its claims are not those of this service.',
    );
  const permissions = await context.applications.permissionsOf(tid, azp);
  if (permissions === undefined)
    throw new UnauthenticatedError('Access token validation failure. Its application was revoked.');
  const held = (roles as unknown[]).filter(
    (role): role is string => typeof role === 'string' && permissions.includes(role),
  );
  return { tenantId: tid, applicationId: azp, roles: held, scopes: [] };
}

async function checkSignature(
  context: TokenContext,
  token: string,
): Promise<Awaited<ReturnType<typeof jwtVerify>>> {
  const findKey = async ({ kid }: { kid?: string }) => {
    const key = kid === undefined ? undefined : await context.keys.find(kid);
    if (key === undefined) throw new errors.JWKSNoMatchingKey();
    return key;
  };
  try {
    return await jwtVerify(token, findKey, {
      algorithms: ['RS256'],
      audience: TOKEN_AUDIENCE,
      requiredClaims: ['exp', 'iat', 'iss', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: context.system.now(),
    });
  } catch (error) {
    if (error instanceof errors.JOSEError) throw refusalFor(error, token);
    throw error;
  }
}

function refusalFor(error: errors.JOSEError, token: string): UnauthenticatedError {
  if (error instanceof errors.JWTExpired)
    return new UnauthenticatedError('Lifetime validation failed, the token is expired.');
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf')
      return new UnauthenticatedError('Lifetime validation failed, the token is not valid yet.');
    if (error.claim === 'aud')
      return new UnauthenticatedError('Access token validation failure. Invalid audience.');
  }
  // Nothing that this service ever signed: the form, the algorithm or the key is somebody else's.
  const isForeign = [
    errors.JWTInvalid,
    errors.JWSInvalid,
    errors.JOSEAlgNotAllowed,
    errors.JWKSNoMatchingKey,
  ];
  if (isForeign.some((kind) => error instanceof kind)) return unknownIssuer(token);
  return new UnauthenticatedError('Access token validation failure. Ask this service for a token.');
}
