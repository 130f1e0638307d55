import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TooManyRequestsError } from '#access/access-errors.ts';
import type { Issuer } from '#access/issuer.ts';
import { TOKEN_LIFETIME_SECONDS } from '#access/tokens.ts';
import { InvalidRequestError } from '#lib/errors.ts';
import { reachedAt } from '../base-url.ts';
import { clientAddressOf } from '../client-address.ts';
import type { HttpContext } from '../context.ts';
import { answerOf } from '../errors.ts';
import { sendTokenError, TOKEN_ERRORS } from './token-error.ts';
import { readTokenRequest } from './token-request.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const FORM_LIMIT_BYTES = 64 * 1024;

/**
 * The token issuer as Entra serves it, which is what an unmodified @azure/identity asks for (protocols 5.1): discovery, keys and
 * the token endpoint of client credentials. Errors have the form of RFC 6749, not Graph's.
 */
export function registerIssuer(server: FastifyInstance, context: HttpContext, issuer: Issuer): void {
  void server.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser<Buffer>(
      'application/x-www-form-urlencoded',
      { parseAs: 'buffer', bodyLimit: FORM_LIMIT_BYTES },
      (_request, body, parsed) => parsed(null, new URLSearchParams(body.toString('utf8'))),
    );
    scope.setErrorHandler((thrown, request, reply) => sendFailure(context, thrown, request, reply));

    scope.post('/:tenant/oauth2/v2.0/token', (request, reply) =>
      answerToken(context, issuer, request, reply),
    );
    // Discovery has to name it, and WWW-Authenticate does; who gets here is told what there is instead.
    scope.route({
      method: ['GET', 'POST'],
      url: '/:tenant/oauth2/v2.0/authorize',
      handler: (request, reply) =>
        sendTokenError(request, reply, context.system.now(), TOKEN_ERRORS.nobodySignsIn),
    });
    scope.get('/:tenant/v2.0/.well-known/openid-configuration', async (request, reply) => {
      const tenantId = await findTenantId(issuer, request);
      if (tenantId === undefined)
        return sendTokenError(request, reply, context.system.now(), TOKEN_ERRORS.tenantUnknown);
      return discoveryDocument(request.baseUrl, tenantId);
    });
    scope.get('/:tenant/discovery/v2.0/keys', async (request, reply) => {
      const tenantId = await findTenantId(issuer, request);
      if (tenantId === undefined)
        return sendTokenError(request, reply, context.system.now(), TOKEN_ERRORS.tenantUnknown);
      return { keys: issuer.publicJwks() };
    });
    done();
  });
}

async function answerToken(
  context: HttpContext,
  issuer: Issuer,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const now = context.system.now();
  const { baseUrl } = request;
  const { body } = request;
  if (!(body instanceof URLSearchParams)) return sendTokenError(request, reply, now, TOKEN_ERRORS.malformed);
  const read = readTokenRequest(body, request.headers.authorization, [baseUrl, reachedAt(request)]);
  if ('error' in read) return sendTokenError(request, reply, now, read);
  const tenantId = await findTenantId(issuer, request);
  if (tenantId === undefined) return sendTokenError(request, reply, now, TOKEN_ERRORS.tenantUnknown);
  const clientId = read.clientId.toLowerCase();
  // An id that is none gets the same answer as a wrong secret, after the same work.
  const client = await issuer.authenticate({
    tenantId,
    clientId: UUID.test(clientId) ? clientId : '00000000-0000-0000-0000-000000000000',
    clientSecret: read.clientSecret,
    address: clientAddressOf(request),
  });
  if (client === undefined) return sendTokenError(request, reply, now, TOKEN_ERRORS.clientWrong);
  return reply.header('pragma', 'no-cache').send({
    token_type: 'Bearer',
    expires_in: TOKEN_LIFETIME_SECONDS,
    ext_expires_in: TOKEN_LIFETIME_SECONDS,
    access_token: await issuer.issue(baseUrl, tenantId, client),
  });
}

async function findTenantId(issuer: Issuer, request: FastifyRequest): Promise<string | undefined> {
  const tenantId = (request.params as { tenant: string }).tenant.toLowerCase();
  return UUID.test(tenantId) && (await issuer.hasTenant(tenantId)) ? tenantId : undefined;
}

/** Entra's document, as far as it is true here. MSAL wants the issuer on the origin it asked. */
function discoveryDocument(origin: string, tenantId: string): Record<string, unknown> {
  const tenant = `${origin}/${tenantId}`;
  return {
    issuer: `${tenant}/v2.0`,
    authorization_endpoint: `${tenant}/oauth2/v2.0/authorize`,
    token_endpoint: `${tenant}/oauth2/v2.0/token`,
    jwks_uri: `${tenant}/discovery/v2.0/keys`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    grant_types_supported: ['client_credentials'],
    response_types_supported: ['token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['https://graph.microsoft.com/.default', `${origin}/.default`],
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'tid', 'azp', 'roles'],
  };
}

function sendFailure(
  context: HttpContext,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const now = context.system.now();
  if (thrown instanceof TooManyRequestsError) {
    const headers = { 'retry-after': String(thrown.retryAfterSeconds) };
    const { message } = thrown;
    return sendTokenError(request, reply, now, {
      status: 429,
      error: 'invalid_request',
      number: 90055,
      message,
      headers,
    });
  }
  const answer = answerOf(thrown);
  if (answer !== undefined && answer.status < 500) {
    const { status } = answer;
    const { message } = thrown instanceof InvalidRequestError ? thrown : TOKEN_ERRORS.malformed;
    return sendTokenError(request, reply, now, { ...TOKEN_ERRORS.malformed, status, message });
  }
  request.log.error({ err: thrown }, 'a token request could not be served');
  return sendTokenError(
    request,
    reply,
    now,
    answer?.status === 503 ? TOKEN_ERRORS.away : TOKEN_ERRORS.unexpected,
  );
}
