import { FileTooLargeError } from '#files/file-store-errors.ts';
import { InvalidRequestError, OperationalError } from '#lib/errors.ts';
import { UploadRefusedError, type UploadRefusal } from '#storage/uploads/upload-refused.ts';

/** An answer that says no, in the words of the Azure Blob service. Its clients decide by status and code. */
export class AzureError extends Error {
  override readonly name = 'AzureError';
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The SDK retries 500 and 503 and network failures, nothing else (protocols 6.1); so 409 and 4xx are final. */
const REFUSALS: Readonly<Record<UploadRefusal, readonly [status: number, code: string]>> = {
  gone: [404, 'ContainerNotFound'],
  sealed: [409, 'BlobImmutableDueToPolicy'],
  fileExists: [409, 'BlobAlreadyExists'],
  tooManyFiles: [409, 'ContainerQuotaReached'],
  tooManyBlocks: [409, 'BlockCountExceedsLimit'],
  uploadTooLarge: [413, 'RequestBodyTooLarge'],
  blockMissing: [400, 'InvalidBlockList'],
  blockIdLength: [400, 'InvalidBlobOrBlock'],
};

/** What a thrown value is answered with; undefined: a mistake of ours, answered 500 and logged. */
export function toAzureError(thrown: unknown): AzureError | undefined {
  if (thrown instanceof AzureError) return thrown;
  if (thrown instanceof UploadRefusedError)
    return new AzureError(...REFUSALS[thrown.refusal], thrown.message);
  if (thrown instanceof FileTooLargeError) return bodyTooLarge(thrown.maxSizeBytes);
  if (thrown instanceof InvalidRequestError) return new AzureError(400, 'InvalidHeaderValue', thrown.message);
  if (thrown instanceof OperationalError && thrown.retry === 'retry') {
    return new AzureError(503, 'ServerBusy', thrown.message);
  }
  // Fastify's own refusals: a content type that is none, and the like.
  if (thrown instanceof Error && 'statusCode' in thrown && Number(thrown.statusCode) < 500) {
    return new AzureError(400, 'InvalidHeaderValue', 'The request is not one of the Blob service.');
  }
  return undefined;
}

export function bodyTooLarge(maxSizeBytes: number): AzureError {
  const message = `The request body is larger than ${maxSizeBytes} bytes, the limit here.`;
  return new AzureError(413, 'RequestBodyTooLarge', message);
}

export function notPermitted(): AzureError {
  const message = 'This URL is only good for writing: Put Blob, Put Block and Put Block List.';
  return new AzureError(403, 'AuthorizationPermissionMismatch', message);
}

/** The body of an error, as the Blob service forms it. */
export function errorXml(code: string, message: string): string {
  return `<?xml version="1.0" encoding="utf-8"?><Error><Code>${escape(code)}</Code><Message>${escape(message)}</Message></Error>`;
}

function escape(text: string): string {
  return text.replace(/[&<>]/g, (c) => (c === '&' ? '&amp;' : c === '<' ? '&lt;' : '&gt;'));
}
