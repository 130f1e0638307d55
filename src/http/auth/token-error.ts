import type { FastifyReply, FastifyRequest } from 'fastify';

/** What the token endpoint answers when it says no (RFC 6749, 5.2), with Entra's number for it. */
export interface TokenError {
  readonly status: number;
  readonly error: string;
  readonly number: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const TOKEN_ERRORS = {
  clientWrong: {
    status: 401,
    error: 'invalid_client',
    number: 7000215,
    message: 'The client id or the client secret is not valid for this tenant.',
  },
  clientMissing: {
    status: 401,
    error: 'invalid_client',
    number: 7000218,
    message: "The request has to contain 'client_id' and 'client_secret', in the body or by HTTP Basic.",
  },
  assertionUnsupported: {
    status: 401,
    error: 'invalid_client',
    number: 7000218,
    message: 'Client assertions (certificates) are not supported; send a client secret.',
  },
  grantMissing: {
    status: 400,
    error: 'invalid_request',
    number: 900144,
    message: "The request body must contain the parameter 'grant_type'.",
  },
  grantUnsupported: {
    status: 400,
    error: 'unsupported_grant_type',
    number: 70003,
    message: "The grant type is not supported; send 'client_credentials'.",
  },
  scopeWrong: {
    status: 400,
    error: 'invalid_scope',
    number: 1002012,
    message:
      "The scope is not valid for client credentials: send 'https://graph.microsoft.com/.default' or the address of this service with '/.default'.",
  },
  noTokensHere: {
    status: 400,
    error: 'unauthorized_client',
    number: 700016,
    message:
      'This service gives no tokens (BUILT_IN_ISSUER is off); ask the identity provider of OIDC_ISSUER. Commands on the data directory work while the service is stopped.',
  },
  nobodySignsIn: {
    status: 400,
    error: 'unsupported_response_type',
    number: 70005,
    message:
      'People do not sign in here: applications get tokens by client credentials at the token endpoint, people from the identity provider of OIDC_ISSUER.',
  },
  tenantUnknown: {
    status: 400,
    error: 'invalid_request',
    number: 90002,
    message: 'The tenant was not found. Its id stands in DATA_DIR/credentials.json.',
  },
  malformed: {
    status: 400,
    error: 'invalid_request',
    number: 900144,
    message:
      'The request has to be a form (application/x-www-form-urlencoded) in which no parameter appears twice.',
  },
  unexpected: {
    status: 500,
    error: 'server_error',
    number: 90033,
    message: 'Something went wrong in Rollbook. The log has the details under the trace id.',
  },
  away: {
    status: 503,
    error: 'temporarily_unavailable',
    number: 90033,
    message: 'The service does not answer at the moment. Try again in a few seconds.',
    headers: { 'retry-after': '5' },
  },
} as const satisfies Record<string, TokenError>;

/** Clients read these six members (protocols 5.1). */
export function sendTokenError(
  request: FastifyRequest,
  reply: FastifyReply,
  now: Date,
  problem: TokenError,
): FastifyReply {
  const timestamp = `${now.toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const correlationId = correlationIdOf(request);
  for (const [name, value] of Object.entries(problem.headers ?? {})) reply.header(name, value);
  if (problem.status === 401 && request.headers.authorization !== undefined)
    reply.header('www-authenticate', 'Basic realm="rollbook"');
  return reply.code(problem.status).send({
    error: problem.error,
    error_description: `AADSTS${problem.number}: ${problem.message} Trace ID: ${request.id} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
    error_codes: [problem.number],
    timestamp,
    trace_id: request.id,
    correlation_id: correlationId,
  });
}

/** MSAL sends it in the query. */
function correlationIdOf(request: FastifyRequest): string {
  const inQuery = (request.query as Record<string, unknown>)['client-request-id'];
  const sent = inQuery ?? request.headers['client-request-id'];
  return typeof sent === 'string' && /^[\x21-\x7E]{1,128}$/.test(sent) ? sent : request.id;
}
