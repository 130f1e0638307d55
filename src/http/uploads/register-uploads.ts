import { isIP } from 'node:net';

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import {
  UPLOAD_SIGNATURE_PURPOSE,
  verifyUploadSignature,
  type UploadGrant,
} from '#access/upload-signature.ts';
import { faultOfFileName } from '#core/upload/file-name.ts';
import { DEFAULT_UPLOAD_LIMITS, type UploadLimits } from '#core/upload/upload-limits.ts';
import { messageOf } from '#lib/errors.ts';
import { AzureError, errorXml, notPermitted, toAzureError } from './azure-error.ts';
import { putBlob } from './put-blob.ts';
import { putBlock } from './put-block.ts';
import { putBlockList } from './put-block-list.ts';
import {
  checkHeaders,
  headerOf,
  type UploadAnswer,
  type UploadRequest,
  type UploadsContext,
} from './upload-request.ts';

export interface UploadsOptions {
  readonly limits?: Partial<UploadLimits>;
  /** Bodies taken in at the same time by this process; more are pushed back with 503, which clients retry. */
  readonly maxConcurrent?: number;
  /** A client that sends nothing for that long is dropped. */
  readonly idleTimeoutMs?: number;
  /** A refused body is read and thrown away for so long, so that the client gets to read the answer. */
  readonly drainMs?: number;
}

/** Container = profile id. Two segments at most for reads, so that no route of the token issuer is shadowed. */
const CONTAINER =
  '/:container(^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$)';
/** What stands before the container where the host is an IP address: Azure's tools take the first segment for the account then. */
const ACCOUNT = 'rollbook';
const REFUSED_METHODS = ['GET', 'HEAD', 'DELETE', 'POST', 'PATCH', 'OPTIONS'] as const;

/**
 * The upload URL: the subset of the Azure Blob service that a write-only container SAS gives (protocols 6.1). Its own scope
 * of the server: bodies reach it as raw streams, whatever their type and size, and errors leave it as Azure's XML. URLs hold
 * the signature: the server must not log them.
 */
export function registerUploads(
  server: FastifyInstance,
  context: UploadsContext,
  options: UploadsOptions = {},
): void {
  const limits = { ...DEFAULT_UPLOAD_LIMITS, ...options.limits };
  const { maxConcurrent = 32, idleTimeoutMs = 120_000, drainMs = 30_000 } = options;
  const key = context.secretBox.deriveKey(UPLOAD_SIGNATURE_PURPOSE, 32);
  let active = 0;

  const authorise = (request: FastifyRequest): UploadGrant => {
    const { container } = request.params as { container: string };
    const query = request.query as Record<string, unknown>;
    const grant = verifyUploadSignature({ container, query, now: context.system.now(), key });
    if (grant === 'invalid') {
      throw new AzureError(
        403,
        'AuthenticationFailed',
        'The signature of this URL is not valid. Use the uploadUrl unchanged.',
      );
    }
    if (grant === 'expired') {
      throw new AzureError(403, 'AuthenticationFailed', 'This URL has expired. Ask for a new uploadUrl.');
    }
    return grant;
  };

  const put = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const grant = authorise(request);
    const query = request.query as Record<string, unknown>;
    if (query.restype !== undefined) throw notPermitted();
    const operation = operationOf(query.comp);
    const fileName = (request.params as { '*': string })['*'];
    const fault = faultOfFileName(fileName);
    if (fault !== undefined) throw new AzureError(400, 'InvalidResourceName', fault);
    checkHeaders(request);
    if (active >= maxConcurrent) {
      void reply.header('retry-after', '2');
      throw new AzureError(503, 'ServerBusy', 'Too many uploads at the moment. Try again in a moment.');
    }
    active += 1;
    try {
      const answer = await operation({
        context,
        limits,
        grant,
        fileName,
        request,
        query,
        idleTimeoutMs,
        onCleanupFailure: (error) =>
          request.log.warn(
            { reason: messageOf(error) },
            'upload bytes that nobody needs could not be removed',
          ),
      });
      return await succeed(reply, answer, context.system.now());
    } finally {
      active -= 1;
    }
  };

  const refuse = (request: FastifyRequest): never => {
    authorise(request);
    if (request.method === 'POST' || request.method === 'PATCH' || request.method === 'OPTIONS') {
      throw new AzureError(405, 'UnsupportedHttpVerb', 'Files are sent with PUT.');
    }
    throw notPermitted();
  };

  void server.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    scope.addHook('onRequest', (request, reply, next) => {
      setCommonHeaders(request, reply);
      next();
    });
    scope.addHook('onResponse', (request, _reply, next) => {
      if (!request.raw.complete) setTimeout(() => stopReading(request), drainMs).unref();
      next();
    });
    scope.setErrorHandler((error, request, reply) => sendError(error, request, reply));
    for (const container of [CONTAINER, `/${ACCOUNT}${CONTAINER}`]) {
      scope.route({ method: 'PUT', url: `${container}/*`, config: { streamsBody: true }, handler: put });
      scope.route({ method: 'PUT', url: container, handler: refuse });
      scope.route({ method: [...REFUSED_METHODS], url: container, handler: refuse });
      scope.route({ method: [...REFUSED_METHODS], url: `${container}/:blob`, handler: refuse });
    }
    done();
  });
}

/** Where containers are, for a client that came to `baseUrl`. No slash at its end. */
export function containersUrl(baseUrl: string): string {
  const host = new URL(baseUrl).hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? baseUrl : `${baseUrl}/${ACCOUNT}`;
}

function operationOf(comp: unknown): (upload: UploadRequest) => Promise<UploadAnswer> {
  if (comp === undefined) return putBlob;
  if (comp === 'block') return putBlock;
  if (comp === 'blocklist') return putBlockList;
  throw new AzureError(
    400,
    'UnsupportedQueryParameter',
    'Only Put Blob, Put Block and Put Block List are supported.',
  );
}

function succeed(reply: FastifyReply, answer: UploadAnswer, now: Date): FastifyReply {
  if (answer.etag !== undefined) reply.header('etag', answer.etag).header('last-modified', now.toUTCString());
  if (answer.contentMd5 !== undefined) reply.header('content-md5', answer.contentMd5.toString('base64'));
  return reply.code(201).header('x-ms-request-server-encrypted', 'true').send();
}

function setCommonHeaders(request: FastifyRequest, reply: FastifyReply): void {
  const version = headerOf(request, 'x-ms-version');
  const clientRequestId = headerOf(request, 'x-ms-client-request-id');
  reply.header('x-ms-request-id', request.id);
  // Any version is accepted (protocols 6.1); a client wants to read its own back.
  reply.header('x-ms-version', version && /^\d{4}-\d{2}-\d{2}$/.test(version) ? version : '2015-07-08');
  if (clientRequestId && /^[\x21-\x7E]{1,128}$/.test(clientRequestId)) {
    reply.header('x-ms-client-request-id', clientRequestId);
  }
}

function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = toAzureError(thrown);
  if (known === undefined && !request.raw.aborted)
    request.log.error({ err: thrown }, 'an upload request failed');
  const { status, code, message } =
    known ?? new AzureError(500, 'InternalError', 'Something went wrong here. Try again.');
  return reply
    .code(status)
    .header('x-ms-error-code', code)
    .type('application/xml')
    .send(errorXml(code, message));
}

function stopReading(request: FastifyRequest): void {
  if (!request.raw.complete) request.raw.socket.destroy();
}
