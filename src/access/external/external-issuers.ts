import { decodeJwt, errors, jwtVerify, type JWTVerifyResult } from 'jose';
import { ANY_VALUE, TENANT_PLACEHOLDER, type ExternalIssuerSettings } from '#core/oidc-settings.ts';
import type { Caller } from '#core/permissions.ts';
import { readTokenClaims } from '#core/token-claims.ts';
import { nameUuid } from '#lib/name-uuid.ts';
import type { System } from '#lib/system.ts';
import type { Database } from '#storage/database.ts';
import { UnauthenticatedError } from '../access-errors.ts';
import { CLOCK_TOLERANCE_SECONDS } from '../tokens.ts';
import { clientDirectory } from './client-directory.ts';
import type { FetchLimits } from './fetch-json.ts';
import { type IssuerKeys, issuerKeys } from './issuer-keys.ts';

/** The identity providers of the settings. */
export interface ExternalIssuers {
  /** The caller; undefined: the token is of none of them, by its unverified `iss`. Errors: UnauthenticatedError, IssuerUnavailableError. */
  verify(this: void, token: string): Promise<Caller> | undefined;
  /** Asks each issuer for its keys; answers what stands in the way of which: `identity provider X names another issuer ...`. */
  prepare(this: void): Promise<string[]>;
  /** Where people sign in, once it is known. */
  authorizationEndpoint(this: void): string | undefined;
  /** Who tokens have to be for. */
  readonly audience: string;
}

/** Families that need a private key to sign; never `none`, never a shared secret. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'];
const TYPES = ['jwt', 'at+jwt', 'application/at+jwt'];
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const FETCH_LIMITS: FetchLimits = { timeoutMs: 5_000, maximumBytes: 512 * 1024 };

export interface ExternalContext {
  readonly db: Database;
  readonly system: System;
  /** Other than five seconds and half a mebibyte. */
  readonly fetchLimits?: FetchLimits;
}

export function openExternalIssuers(
  context: ExternalContext,
  settings: ExternalIssuerSettings,
): ExternalIssuers {
  const { system } = context;
  const limits = context.fetchLimits ?? FETCH_LIMITS;
  const keysByIssuer = new Map(settings.issuers.map((name) => [name, issuerKeys(name, { system, limits })]));
  const clients = clientDirectory(context);

  const verify = async (token: string, issuer: string, keys: IssuerKeys): Promise<Caller> => {
    const { payload, protectedHeader } = await checkSignature(token, issuer, keys);
    if (protectedHeader.typ !== undefined && !TYPES.includes(protectedHeader.typ.toLowerCase()))
      throw refused('It is no access token.');
    const claims = readTokenClaims(payload);
    if (claims === undefined)
      throw refused('It is no access token that names its client (azp, appid or client_id).');
    const tenantId = tenantOf(payload, settings);
    const { clientId, ...who } = claims;
    const known = clientId.toLowerCase();
    const client =
      tenantId === undefined ? undefined : await clients.find(tenantId, UUID.test(known) ? known : undefined);
    if (tenantId === undefined || client === undefined)
      throw refused(`Its claim ${settings.tenantClaim} names no tenant of this service.`);
    // In the history it must not be taken for an application of ours.
    const applicationId =
      UUID.test(known) && !client.isApplication ? known : nameUuid(`${issuer} ${clientId}`);
    return { tenantId, applicationId, ...who };
  };

  const checkSignature = async (
    token: string,
    issuer: string,
    keys: IssuerKeys,
  ): Promise<JWTVerifyResult> => {
    try {
      return await jwtVerify(token, keys.find, {
        algorithms: ALGORITHMS,
        issuer,
        audience: [...settings.audiences],
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: system.now(),
      });
    } catch (error) {
      if (error instanceof errors.JOSEError) throw refusalFor(error, settings);
      throw error;
    }
  };

  return {
    verify(token) {
      const issuer = configuredIssuerOf(token, settings);
      const keys = issuer === undefined ? undefined : keysByIssuer.get(issuer.name);
      return issuer === undefined || keys === undefined ? undefined : verify(token, issuer.iss, keys);
    },
    async prepare() {
      const faults = await Promise.all(
        [...keysByIssuer].map(async ([name, keys]) => {
          const fault = await keys.prepare();
          return fault === undefined ? [] : [`the identity provider ${name} ${fault}`];
        }),
      );
      return faults.flat();
    },
    authorizationEndpoint() {
      for (const keys of keysByIssuer.values()) {
        const endpoint = keys.authorizationEndpoint();
        if (endpoint !== undefined) return endpoint;
      }
      return undefined;
    },
    audience: settings.audiences[0] ?? '',
  };
}

/** Only routes: nothing of it is believed before the signature was checked against the keys of that issuer. */
function configuredIssuerOf(
  token: string,
  { issuers }: ExternalIssuerSettings,
): { readonly name: string; readonly iss: string } | undefined {
  const { iss, tid } = unverifiedClaimsOf(token);
  if (typeof iss !== 'string') return undefined;
  const tenant = typeof tid === 'string' && UUID.test(tid) ? tid : undefined;
  const name = issuers.find((issuer) =>
    issuer.includes(TENANT_PLACEHOLDER)
      ? tenant !== undefined && issuer.replaceAll(TENANT_PLACEHOLDER, tenant) === iss
      : issuer === iss,
  );
  return name === undefined ? undefined : { name, iss };
}

function unverifiedClaimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    return decodeJwt(token);
  } catch {
    return {};
  }
}

function tenantOf(
  claims: Readonly<Record<string, unknown>>,
  { tenantClaim, tenantsByValue }: ExternalIssuerSettings,
): string | undefined {
  const value = claims[tenantClaim];
  if (tenantsByValue !== undefined)
    return (
      (typeof value === 'string' ? tenantsByValue.get(value) : undefined) ?? tenantsByValue.get(ANY_VALUE)
    );
  const tenantId = typeof value === 'string' ? value.toLowerCase() : '';
  return UUID.test(tenantId) ? tenantId : undefined;
}

function refusalFor(error: errors.JOSEError, { audiences }: ExternalIssuerSettings): UnauthenticatedError {
  if (error instanceof errors.JWTExpired)
    return new UnauthenticatedError('Lifetime validation failed, the token is expired.');
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf')
      return new UnauthenticatedError('Lifetime validation failed, the token is not valid yet.');
    if (error.claim === 'aud')
      return refused(`Invalid audience: ask for a token whose audience is ${audiences.join(' or ')}.`);
    return refused(`Its claim ${error.claim} is missing or invalid.`);
  }
  if (error instanceof errors.JOSEAlgNotAllowed)
    return refused(
      'Its signature algorithm is not accepted: RS256, PS256 or ES256, or a longer one of these.',
    );
  if (error instanceof errors.JWKSNoMatchingKey)
    return refused('It is signed by a key that its issuer does not publish.');
  return refused('Invalid signature or form.');
}

function refused(sentence: string): UnauthenticatedError {
  return new UnauthenticatedError(`Access token validation failure. ${sentence}`);
}
