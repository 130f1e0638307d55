import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { isSecureUrl, TENANT_PLACEHOLDER } from '#core/oidc-settings.ts';
import { fetchJson, type FetchFault, type FetchLimits } from './fetch-json.ts';

/** What an issuer publishes, as far as it is needed. */
export interface IssuerDocuments {
  readonly keys: ReturnType<typeof createLocalJWKSet>;
  /** Where people sign in; undefined when the document does not say, or says what cannot be quoted in a header. */
  readonly authorizationEndpoint: string | undefined;
}

/**
 * Reads the discovery document of a configured issuer and the keys that it points to (OpenID Connect Discovery 1.0, 4). The document
 * has to name that very issuer. Never throws for what the other side does.
 */
export async function readIssuerDocuments(
  issuer: string,
  limits: FetchLimits,
): Promise<IssuerDocuments | FetchFault> {
  const discovery = await fetchJson(discoveryUrlOf(issuer), limits);
  if ('fault' in discovery) return discovery;
  const document = objectOf(discovery.json);
  if (document['issuer'] !== issuer)
    return { fault: 'names another issuer in its discovery document than OIDC_ISSUER does' };
  const jwksUri = document['jwks_uri'];
  if (typeof jwksUri !== 'string' || !isSecureUrl(jwksUri))
    return { fault: 'has no jwks_uri with https:// in its discovery document' };
  const keySet = await fetchJson(jwksUri, limits);
  if ('fault' in keySet) return keySet;
  const endpoint = document['authorization_endpoint'];
  try {
    return {
      keys: createLocalJWKSet(keySet.json as JSONWebKeySet),
      authorizationEndpoint:
        typeof endpoint === 'string' && /^https?:[\x21\x23-\x5B\x5D-\x7E]{1,500}$/.test(endpoint)
          ? endpoint
          : undefined,
    };
  } catch {
    return { fault: 'answered what is no key set' };
  }
}

/** Entra publishes what belongs to all tenants under the name `organizations`. */
function discoveryUrlOf(issuer: string): string {
  const base = issuer.replaceAll(TENANT_PLACEHOLDER, 'organizations').replace(/\/$/, '');
  return `${base}/.well-known/openid-configuration`;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
