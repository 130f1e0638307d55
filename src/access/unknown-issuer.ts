import { decodeJwt } from 'jose';
import { UnauthenticatedError } from './access-errors.ts';

/** The answer to a token of somebody else. It says what came, not what is configured. */
export function unknownIssuer(token: string): UnauthenticatedError {
  const issuer = issuerOf(token);
  return new UnauthenticatedError(
    issuer === undefined
      ? 'Access token validation failure. It is no token that this service knows.'
      : `Access token validation failure. Invalid issuer: this service does not accept tokens of ${issuer}.`,
  );
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss?.slice(0, 200);
  } catch {
    return undefined;
  }
}
