/** The identity providers whose tokens are taken, as the settings OIDC_* say it. Pure; src/access/external does the rest. */
export interface ExternalIssuerSettings {
  /** Exactly as they stand in `iss`. One with `{tenantid}` stands for all tenants of Entra. */
  readonly issuers: readonly string[];
  /** One of them has to be among those of `aud`. */
  readonly audiences: readonly string[];
  readonly tenantClaim: string;
  /** Tenant by value of the claim; `*` for any value and none. Undefined: the value is the tenant's id itself. */
  readonly tenantsByValue: ReadonlyMap<string, string> | undefined;
}

/** Where Entra's common issuer has the tenant of the token. */
export const TENANT_PLACEHOLDER = '{tenantid}';
export const ANY_VALUE = '*';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The values of settings, which are known to be well formed, as they are used. Undefined: no issuer but the built-in one. */
export function externalIssuersOf(values: {
  readonly oidcIssuer?: string | undefined;
  readonly oidcAudience?: string | undefined;
  readonly oidcTenantClaim: string;
  readonly oidcTenants?: string | undefined;
}): ExternalIssuerSettings | undefined {
  if (values.oidcIssuer === undefined) return undefined;
  return {
    issuers: values.oidcIssuer.split(','),
    audiences: values.oidcAudience?.split(',') ?? [],
    tenantClaim: values.oidcTenantClaim,
    tenantsByValue: values.oidcTenants === undefined ? undefined : new Map(entriesOf(values.oidcTenants)),
  };
}

/** What is wrong with the settings together, one sentence each. */
export function faultsOfOidc(values: Readonly<Record<string, unknown>>): string[] {
  const { oidcIssuer, oidcAudience, oidcTenants, oidcTenantClaim, builtInIssuer } = values;
  const faults: string[] = [];
  if ((oidcIssuer === undefined) !== (oidcAudience === undefined))
    faults.push('OIDC_ISSUER and OIDC_AUDIENCE belong together: give both or none.');
  if (builtInIssuer === 'off' && oidcIssuer === undefined)
    faults.push('BUILT_IN_ISSUER is off and OIDC_ISSUER is not set: nobody could get a token.');
  if (typeof oidcIssuer === 'string' && oidcIssuer.includes(TENANT_PLACEHOLDER)) {
    // Such an issuer signs for everybody: only `tid` is set by the issuer itself, and only known tenants may come in.
    if (oidcTenantClaim !== 'tid')
      faults.push(`OIDC_ISSUER holds ${TENANT_PLACEHOLDER}, so OIDC_TENANT_CLAIM has to be tid.`);
    if (typeof oidcTenants === 'string' && entriesOf(oidcTenants).some(([value]) => value === ANY_VALUE))
      faults.push(
        `OIDC_ISSUER holds ${TENANT_PLACEHOLDER}, so OIDC_TENANTS names each tenant, not ${ANY_VALUE}.`,
      );
  }
  return faults;
}

/** Issuers separated by commas, without the spaces; null when one is none. */
export function readIssuers(text: string): string | null {
  const issuers = partsOf(text);
  return issuers.length > 0 && issuers.every(isIssuer) ? issuers.join(',') : null;
}

/** Audiences separated by commas. They are quoted in a header, so they hold no quotes. */
export function readAudiences(text: string): string | null {
  const audiences = partsOf(text);
  return audiences.length > 0 && audiences.every((one) => /^[\x21\x23-\x5B\x5D-\x7E]{1,256}$/.test(one))
    ? audiences.join(',')
    : null;
}

/** `value=tenant id` separated by commas; a value may hold an equals sign. */
export function readTenantMap(text: string): string | null {
  const parts = partsOf(text);
  const entries = parts.map(entryOf);
  const isWhole = entries.every(([value, tenantId]) => value !== '' && UUID.test(tenantId));
  const values = new Set(entries.map(([value]) => value));
  return parts.length > 0 && isWhole && values.size === entries.length
    ? entries.map(([value, tenantId]) => `${value}=${tenantId.toLowerCase()}`).join(',')
    : null;
}

/** HTTPS, or HTTP to this very machine. */
export function isSecureUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  if (protocol === 'https:') return true;
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
  return protocol === 'http:' && isLoopback;
}

function isIssuer(text: string): boolean {
  if (!/^https?:\/\/[\x21\x23-\x5B\x5D-\x7E]{1,500}$/.test(text) || !isSecureUrl(text)) return false;
  const url = new URL(text);
  return !/[?#]/.test(text) && url.username === '' && url.password === '';
}

function partsOf(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function entriesOf(text: string): [value: string, tenantId: string][] {
  return partsOf(text).map(entryOf);
}

function entryOf(part: string): [value: string, tenantId: string] {
  const end = part.lastIndexOf('=');
  return end === -1 ? ['', part] : [part.slice(0, end).trim(), part.slice(end + 1).trim()];
}
