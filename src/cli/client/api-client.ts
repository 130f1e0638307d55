import type * as z from 'zod';

import { OperationalError } from '#lib/errors.ts';

import { UnreachableError } from '../exit-codes.ts';
import { listOf, tokenAnswer } from './answers.ts';
import { ApiError } from './api-error.ts';
import { sendRequest, type HttpAnswer, type HttpScope } from './send-request.ts';

export interface Credentials {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root of the service, for instance `/beta/education/synchronizationProfiles`. */
  readonly path: string;
  readonly body?: unknown;
  /** A body that is not JSON. */
  readonly raw?: { readonly contentType: string; readonly bytes: Uint8Array<ArrayBuffer> };
  /** A POST that may be sent twice. GET, PUT, PATCH and DELETE always may. */
  readonly repeatable?: boolean;
}

/** The HTTP API as the commands use it. */
export interface ApiClient {
  /** Without a slash at its end. */
  readonly address: string;
  readonly scope: HttpScope;
  readonly credentials: Credentials;
  token(): Promise<string>;
  /** The JSON of a 2xx answer (null: empty). Throws ApiError otherwise. */
  send(call: ApiCall): Promise<unknown>;
  /** The same, checked. */
  get<T>(path: string, shape: z.ZodType<T>): Promise<T>;
  /** A Graph collection to its end, following @odata.nextLink; at most `limit` items. */
  list<T>(path: string, shape: z.ZodType<T>, limit?: number): Promise<T[]>;
}

export function apiClient(address: string, credentials: Credentials, scope: HttpScope): ApiClient {
  const base = address.replace(/\/+$/u, '');
  let token: string | null = null;

  const currentToken = async (): Promise<string> => {
    token ??= await requestToken(base, credentials, scope);
    return token;
  };

  const attempt = async (call: ApiCall): Promise<HttpAnswer> => {
    const body = call.raw?.bytes ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
    const contentType = call.raw?.contentType ?? (body === undefined ? undefined : 'application/json');
    return sendRequest(scope, {
      method: call.method,
      url: base + call.path,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${await currentToken()}`,
        'client-request-id': scope.system.newId(),
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body }),
      repeatable: call.method !== 'POST' || call.repeatable === true,
    });
  };

  const send = async (call: ApiCall): Promise<unknown> => {
    let answer = await attempt(call);
    if (answer.status === 401) {
      // The token may have run out while a long sync was followed.
      token = null;
      answer = await attempt(call);
    }
    const body = bodyOf(answer);
    if (answer.status >= 200 && answer.status < 300) return body;
    const error = new ApiError({
      status: answer.status,
      requestId: answer.headers.get('request-id'),
      body,
    });
    if (answer.status === 401 || answer.status === 403)
      throw new UnreachableError(`${base} does not allow this to the application: ${error.message}`, error);
    throw error;
  };

  const get = async <T>(path: string, shape: z.ZodType<T>): Promise<T> =>
    checked(shape, await send({ method: 'GET', path }), path);

  return {
    address: base,
    scope,
    credentials,
    token: currentToken,
    send,
    get,
    async list(path, shape, limit = Number.POSITIVE_INFINITY) {
      const items = [];
      let next: string | null = path;
      while (next !== null && items.length < limit) {
        const page: { value: readonly unknown[]; '@odata.nextLink'?: string | undefined } = await get(
          next,
          listOf,
        );
        items.push(...page.value.map((item) => checked(shape, item, path)));
        next = page['@odata.nextLink'] === undefined ? null : nextPageOf(path, page['@odata.nextLink']);
      }
      return items.slice(0, limit);
    },
  };
}

/**
 * Of a link only the query is followed: the token goes to the service it was made for and to nobody else, and what PUBLIC_URL has before the
 * path may be there for clients outside alone.
 */
function nextPageOf(path: string, link: string): string {
  const [collection = ''] = path.split('?');
  return collection + new URL(link).search;
}

function bodyOf(answer: HttpAnswer): unknown {
  if (answer.text === '') return null;
  try {
    return JSON.parse(answer.text);
  } catch {
    return answer.text;
  }
}

/** The answer in the shape this version knows, or an error that says that the service is not the one expected. */
export function checked<T>(shape: z.ZodType<T>, value: unknown, path: string): T {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new OperationalError(
    'UnexpectedAnswer',
    `The service answered ${path} in a form this version does not know (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}). Use the rollbook command of the same version as the service.`,
  );
}

async function requestToken(base: string, credentials: Credentials, scope: HttpScope): Promise<string> {
  const answer = await sendRequest(scope, {
    method: 'POST',
    url: `${base}/${encodeURIComponent(credentials.tenantId)}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret,
      // Taken wherever PUBLIC_URL says that the service is.
      scope: 'https://graph.microsoft.com/.default',
    }).toString(),
    repeatable: true,
  });
  const body = bodyOf(answer);
  const token = tokenAnswer.safeParse(body);
  if (answer.status === 200 && token.success) return token.data.access_token;
  const error = new ApiError({
    status: answer.status,
    requestId: answer.headers.get('request-id'),
    body,
  });
  throw new UnreachableError(whyNoToken(base, credentials, error), error);
}

function whyNoToken(
  base: string,
  { clientId }: Credentials,
  { status, message, isReadable }: ApiError,
): string {
  if (!isReadable)
    return `What answers at ${base} is no Rollbook: it answered ${status} to the request for a token, and nothing that Rollbook would say. Check the address.`;
  return status >= 500
    ? `${base} cannot give a token now: ${message}`
    : `${base} does not accept the credentials of the application ${clientId}: ${message}`;
}
