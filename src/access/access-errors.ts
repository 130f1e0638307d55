import { OperationalError } from '#lib/errors.ts';

/** The token is missing, wrong, too old, or of an application that was revoked. Answered with 401. */
export class UnauthenticatedError extends OperationalError {
  override readonly name = 'UnauthenticatedError';
  /** False when no credentials came with the request at all: RFC 6750, 3.1 then wants no error code. */
  readonly tokenWasSent: boolean;
  constructor(message: string, tokenWasSent = true) {
    super('InvalidAuthenticationToken', message);
    this.tokenWasSent = tokenWasSent;
  }
}

/** The caller is known and may not do this. Answered with 403. */
export class ForbiddenError extends OperationalError {
  override readonly name = 'ForbiddenError';
  constructor(message = 'Insufficient privileges to complete the operation.') {
    super('Authorization_RequestDenied', message);
  }
}

/** The keys of an external issuer cannot be read, and none are remembered. Answered with 503 and Retry-After. */
export class IssuerUnavailableError extends OperationalError {
  override readonly name = 'IssuerUnavailableError';
  readonly retryAfterSeconds: number;
  /** `fault` ends the sentence: "cannot be reached". */
  constructor(issuer: string, fault: string, retryAfterSeconds: number) {
    super(
      'serviceNotAvailable',
      `The token cannot be checked at the moment: its issuer ${issuer} ${fault}. Try again in a few seconds.`,
      { retry: 'retry' },
    );
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Too often; answered with 429 and Retry-After. */
export class TooManyRequestsError extends OperationalError {
  override readonly name = 'TooManyRequestsError';
  readonly retryAfterSeconds: number;
  constructor(message: string, retryAfterSeconds: number) {
    super('TooManyRequests', message, { retry: 'retry' });
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
