import { TOKEN_ERRORS, type TokenError } from './token-error.ts';

/** A token request that was understood. */
export interface TokenRequest {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Resources whose `.default` scope is this service: ours, and those that scripts of the retired service ask for. */
const RESOURCES = [
  'api://rollbook',
  'https://graph.microsoft.com',
  'https://graph.microsoft.us',
  'https://dod-graph.microsoft.us',
  'https://microsoftgraph.chinacloudapi.cn',
];

/** Reads the form of a client-credentials request (RFC 6749, 4.4). `origins`: the addresses of this service that count as its name. */
export function readTokenRequest(
  form: URLSearchParams,
  authorization: string | undefined,
  origins: readonly string[],
): TokenRequest | TokenError {
  const names = [...form.keys()];
  if (new Set(names).size < names.length) return TOKEN_ERRORS.malformed;
  const grantType = form.get('grant_type') ?? '';
  if (grantType === '') return TOKEN_ERRORS.grantMissing;
  if (grantType !== 'client_credentials') return TOKEN_ERRORS.grantUnsupported;
  if (form.has('client_assertion')) return TOKEN_ERRORS.assertionUnsupported;

  const basic = authorization === undefined ? undefined : readBasic(authorization);
  const inBody = { clientId: form.get('client_id') ?? '', clientSecret: form.get('client_secret') ?? '' };
  if (
    basic !== undefined &&
    (inBody.clientSecret !== '' || (inBody.clientId !== '' && inBody.clientId !== basic.clientId))
  )
    return {
      ...TOKEN_ERRORS.malformed,
      message: 'Send the client credentials in the body or by HTTP Basic, not both.',
    };
  const { clientId, clientSecret } = basic ?? inBody;
  if (clientId === '' || clientSecret === '' || clientSecret.length > 512) return TOKEN_ERRORS.clientMissing;
  return isOurScope(form.get('scope'), origins) ? { clientId, clientSecret } : TOKEN_ERRORS.scopeWrong;
}

/** RFC 6749, 2.3.1: both parts are form-encoded inside the Basic credentials. Undefined: not Basic. */
function readBasic(authorization: string): TokenRequest | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon === -1) return { clientId: text, clientSecret: '' };
  return { clientId: formDecode(text.slice(0, colon)), clientSecret: formDecode(text.slice(colon + 1)) };
}

function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** One resource with `/.default`; without a scope this service is meant. */
function isOurScope(scope: string | null, origins: readonly string[]): boolean {
  if (scope === null || scope.trim() === '') return true;
  // MSAL adds these of its own accord in some flows.
  const wanted = scope
    .split(/\s+/)
    .filter((part) => !['', 'openid', 'profile', 'offline_access'].includes(part));
  const [only] = wanted;
  if (only === undefined || wanted.length > 1 || !only.toLowerCase().endsWith('/.default')) return false;
  const resource = only.slice(0, -'/.default'.length).replace(/\/+$/, '').toLowerCase();
  return [...RESOURCES, ...origins.flatMap(namesOfOrigin)].includes(resource);
}

/** Kiota asks for the host without its port. Whoever came by a proxy that ends TLS says https where this service sees http. */
function namesOfOrigin(origin: string): string[] {
  const { host, hostname } = new URL(origin);
  const schemes = ['https', 'http', 'api'];
  return [
    origin.toLowerCase(),
    ...schemes.flatMap((scheme) => [`${scheme}://${host}`, `${scheme}://${hostname}`]),
  ];
}
