/** What the caller may do about an operational error: repeat it later, or never without a change. */
export type RetryPolicy = 'retry' | 'never';

/**
 * An error of operation: something outside this code stands in the way.
 * `code` is stable and safe to show; `message` says what happened and what to do.
 */
export class OperationalError extends Error {
  override readonly name: string = 'OperationalError';
  readonly code: string;
  readonly retry: RetryPolicy;

  constructor(code: string, message: string, options: { retry?: RetryPolicy; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retry = options.retry ?? 'never';
  }
}

/** The request is wrong; `target` names the property or parameter at fault. */
export class InvalidRequestError extends OperationalError {
  override readonly name = 'InvalidRequestError';
  readonly target: string | undefined;
  constructor(message: string, target?: string) {
    super('BadRequest', message);
    this.target = target;
  }
}

/** Nothing by that id in this tenant. */
export class NotFoundError extends OperationalError {
  override readonly name = 'NotFoundError';
  constructor(message: string) {
    super('Request_ResourceNotFound', message);
  }
}

/** The state does not allow it now; the message says what to do first. */
export class ConflictError extends OperationalError {
  override readonly name = 'ConflictError';
  constructor(message: string, code = 'Conflict') {
    super(code, message);
  }
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
