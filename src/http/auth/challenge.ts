import type { UnauthenticatedError } from '#access/access-errors.ts';
import { TOKEN_AUDIENCE } from '#access/tokens.ts';
import type { TokenVerifier } from '../context.ts';

/**
 * The value of WWW-Authenticate: RFC 6750, with the two parameters by which clients of Graph find out where a token comes from and who it
 * has to be for. `error` only when a token came (3.1).
 */
export function challengeOf(
  error: UnauthenticatedError,
  baseUrl: string,
  challenge: ReturnType<NonNullable<TokenVerifier['challenge']>> | undefined,
): string {
  const authorizationUri = challenge?.authorizationUri ?? `${baseUrl}/common/oauth2/v2.0/authorize`;
  const parts = [
    'realm=""',
    `authorization_uri="${authorizationUri}"`,
    `client_id="${challenge?.resource ?? TOKEN_AUDIENCE}"`,
  ];
  if (error.tokenWasSent)
    parts.push('error="invalid_token"', `error_description="${quotable(error.message)}"`);
  return `Bearer ${parts.join(', ')}`;
}

/** What may stand between the quotes (RFC 6750, 3); part of the message may come from the token. */
function quotable(text: string): string {
  return text.replace(/[^\x20\x21\x23-\x5B\x5D-\x7E]/g, "'").slice(0, 400);
}
