import { OperationalError } from '#lib/errors.ts';

/** The service refused a request: Graph's error envelope, readable. */
export class ApiError extends OperationalError {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly requestId: string | null;
  readonly target: string | null;
  /** The body as it came, for answers that are no error envelope (start: 400 with messages). */
  readonly body: unknown;
  /** It says in its own words what is wrong, as every answer of Rollbook does. */
  readonly isReadable: boolean;

  constructor(answer: { status: number; requestId: string | null; body: unknown }) {
    const { code, message, target, innerRequestId } = readEnvelope(answer.body);
    super(
      code ?? `Http${answer.status}`,
      message ?? `The service answered ${answer.status} without a message.`,
      { retry: answer.status === 429 || answer.status >= 500 ? 'retry' : 'never' },
    );
    this.status = answer.status;
    this.requestId = answer.requestId ?? innerRequestId;
    this.target = target;
    this.body = answer.body;
    this.isReadable = message !== null;
  }
}

interface Envelope {
  readonly code: string | null;
  readonly message: string | null;
  readonly target: string | null;
  readonly innerRequestId: string | null;
}

/** Reads Graph's envelope, the token endpoint's (RFC 6749 section 5.2), and tolerates anything else. */
function readEnvelope(body: unknown): Envelope {
  const outer = objectOf(body);
  const error = outer['error'];
  if (typeof error === 'string')
    return {
      code: error,
      message: textOf(outer['error_description']),
      target: null,
      innerRequestId: textOf(outer['trace_id']),
    };
  const envelope = objectOf(error);
  const inner = objectOf(envelope['innerError'] ?? envelope['innererror']);
  return {
    code: textOf(envelope['code']),
    message: textOf(envelope['message']),
    target: textOf(envelope['target']),
    innerRequestId: textOf(inner['request-id']) ?? textOf(inner['requestId']),
  };
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
