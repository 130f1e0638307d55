import type { FastifyRequest } from 'fastify';

import type { Telemetry } from '#core/telemetry/telemetry.ts';
import type { UploadLimits } from '#core/upload/upload-limits.ts';
import type { FileStore } from '#files/file-store.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import type { System } from '#lib/system.ts';
import type { UploadGrant } from '#access/upload-signature.ts';
import type { Database } from '#storage/database.ts';
import { AzureError, bodyTooLarge } from './azure-error.ts';

/** The part of the server's context that uploads use. */
export interface UploadsContext {
  readonly db: Database;
  readonly files: FileStore;
  readonly secretBox: SecretBox;
  readonly system: System;
  readonly telemetry: Telemetry;
}

/** One authorised request to write: what the three operations work on. */
export interface UploadRequest {
  readonly context: UploadsContext;
  readonly limits: UploadLimits;
  readonly grant: UploadGrant;
  readonly fileName: string;
  readonly request: FastifyRequest;
  readonly query: Readonly<Record<string, unknown>>;
  /** Between two pieces of the body. */
  readonly idleTimeoutMs: number;
  /** Told what went wrong with bytes that nobody needs any more. */
  readonly onCleanupFailure: (error: unknown) => void;
}

/** What a success is answered with, besides 201. */
export interface UploadAnswer {
  readonly etag?: string;
  readonly contentMd5?: Buffer;
}

/** A header's value; undefined when it is absent or empty. */
export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The length of the body. Errors: 411 without Content-Length (a chunked body), 413 above the limit. */
export function bodySizeOf(request: FastifyRequest, maxSizeBytes: number): number {
  const length = headerOf(request, 'content-length');
  if (length === undefined) {
    throw new AzureError(
      411,
      'MissingContentLengthHeader',
      'Say how long the body is: the Content-Length header is missing.',
    );
  }
  const sizeBytes = Number(length);
  if (!Number.isSafeInteger(sizeBytes)) throw bodyTooLarge(maxSizeBytes);
  if (sizeBytes > maxSizeBytes) throw bodyTooLarge(maxSizeBytes);
  return sizeBytes;
}

/**
 * The body as it comes in. Stopping early leaves the connection alone, so that the answer can still be sent. A client
 * that sends nothing for a while is dropped; once the body is there, we may take our time.
 */
export async function* bodyOf({ request, idleTimeoutMs }: UploadRequest): AsyncGenerator<Uint8Array> {
  const { raw } = request;
  raw.setTimeout(idleTimeoutMs, () => raw.destroy());
  try {
    yield* raw.iterator({ destroyOnReturn: false });
  } finally {
    raw.setTimeout(0);
  }
}

/** Throws unless the bytes have every MD5 that these headers state (base64). */
export function checkMd5(request: FastifyRequest, headerNames: readonly string[], md5: Buffer): void {
  for (const name of headerNames) {
    const stated = headerOf(request, name);
    if (stated === undefined || Buffer.from(stated, 'base64').equals(md5)) continue;
    throw new AzureError(
      400,
      'Md5Mismatch',
      `The bytes received do not have the MD5 that ${name} states. Send them again.`,
    );
  }
}

/** Refuses a stated MD5 that is none, before the body is read. */
export function checkMd5Form(request: FastifyRequest, headerNames: readonly string[]): void {
  for (const name of headerNames) {
    const stated = headerOf(request, name);
    if (stated === undefined || /^[A-Za-z0-9+/]{22}==$/.test(stated)) continue;
    throw new AzureError(400, 'InvalidMd5', `${name} is not the base64 form of an MD5.`);
  }
}

/** Headers that would change what the request means, and that this subset does not know. */
const UNSUPPORTED_HEADERS = [
  'x-ms-structured-body',
  'x-ms-copy-source',
  'x-ms-encryption-key',
  'if-match',
  'if-modified-since',
  'if-unmodified-since',
  'x-ms-if-tags',
];

export function checkHeaders(request: FastifyRequest): void {
  const found = UNSUPPORTED_HEADERS.find((name) => headerOf(request, name) !== undefined);
  if (found !== undefined) {
    throw new AzureError(
      400,
      'UnsupportedHeader',
      `${found} is not supported here. Send the file without it.`,
    );
  }
}

/** If-None-Match: only `*` (write only if absent) makes sense for files that nobody can read back. */
export function onlyIfAbsent(request: FastifyRequest): boolean {
  const condition = headerOf(request, 'if-none-match');
  if (condition === undefined) return false;
  if (condition.trim() === '*') return true;
  throw new AzureError(400, 'UnsupportedHeader', 'If-None-Match is supported with the value * only.');
}

export function etagOf(sha256: Buffer): string {
  return `"0x${sha256.subarray(0, 8).toString('hex').toUpperCase()}"`;
}
