import type { S3ClientConfig } from '@aws-sdk/client-s3';

import { must } from '#lib/assert.ts';
import { type StoreFault, storeError } from '../file-store-errors.ts';
import type { ObjectBucket } from './object-bucket.ts';

/** Plain data, so that a worker thread can be given it and opens the same store again. */
export interface S3Options {
  readonly bucket: string;
  /** Of a storage that is not Amazon's; undefined: Amazon's own of the region. */
  readonly endpoint: string | undefined;
  readonly region: string;
  /** Undefined: what the environment of the process has, such as the role of its machine. */
  readonly accessKeyId: string | undefined;
  readonly secretAccessKey: string | undefined;
  /** Stands before the names of objects; '' or ends in a slash. */
  readonly prefix: string;
}

const ATTEMPTS = 4;
const CONNECT_MS = 5_000;
const ANSWER_MS = 60_000;

/** Any storage that speaks S3: six operations, no extension. The client is loaded here, so that nobody else pays for it. */
export async function openS3Bucket(options: S3Options): Promise<ObjectBucket> {
  const s3 = await import('@aws-sdk/client-s3');
  const { bucket: Bucket, prefix } = options;
  const client = new s3.S3Client(clientSettings(options));
  const place = (objectName: string): { Bucket: string; Key: string } => ({
    Bucket,
    Key: `${prefix}${objectName}`,
  });
  const guarded = async <T>(objectName: string, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw translate(error, objectName);
    }
  };

  return {
    async putWhole(objectName, bytes) {
      const put = new s3.PutObjectCommand({
        ...place(objectName),
        Body: bytes,
        ContentLength: bytes.length,
      });
      await guarded(objectName, client.send(put));
    },

    async beginParts(objectName) {
      const at = place(objectName);
      const begun = await guarded(objectName, client.send(new s3.CreateMultipartUploadCommand(at)));
      const upload = { ...at, UploadId: must(begun.UploadId) };
      const parts: { PartNumber: number; ETag: string | undefined }[] = [];
      return {
        async put(PartNumber, bytes) {
          const put = { ...upload, PartNumber, Body: bytes, ContentLength: bytes.length };
          const { ETag } = await guarded(objectName, client.send(new s3.UploadPartCommand(put)));
          parts.push({ PartNumber, ETag });
        },
        async finish() {
          const finish = { ...upload, MultipartUpload: { Parts: parts } };
          await guarded(objectName, client.send(new s3.CompleteMultipartUploadCommand(finish)));
        },
        async abandon() {
          await client.send(new s3.AbortMultipartUploadCommand(upload)).catch(() => undefined);
        },
      };
    },

    async fetch(objectName, start, end, signal) {
      const get = new s3.GetObjectCommand({ ...place(objectName), Range: `bytes=${start}-${end - 1}` });
      const { Body, ContentRange, ContentLength } = await guarded(
        objectName,
        client.send(get, { abortSignal: signal }),
      );
      const total = /\/(\d+)$/.exec(ContentRange ?? '')?.[1] ?? String(ContentLength ?? 0);
      return { totalBytes: Number(total), bytes: must(Body) as unknown as AsyncIterable<Uint8Array> };
    },

    async remove(objectName) {
      await guarded(objectName, client.send(new s3.DeleteObjectCommand(place(objectName))));
    },

    async *list(isOurs) {
      let ContinuationToken: string | undefined;
      do {
        const command = new s3.ListObjectsV2Command({ Bucket, Prefix: prefix, ContinuationToken });
        const page = await guarded('', client.send(command));
        for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
          const objectName = Key.slice(prefix.length);
          if (isOurs(objectName) && LastModified !== undefined)
            yield { objectName, sizeBytes: Size, modifiedAt: LastModified };
        }
        ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      } while (ContinuationToken !== undefined);
    },

    async removeUnfinished(untouchedSince, isOurs) {
      let removed = 0;
      let KeyMarker: string | undefined;
      let UploadIdMarker: string | undefined;
      do {
        const command = new s3.ListMultipartUploadsCommand({
          Bucket,
          Prefix: prefix,
          KeyMarker,
          UploadIdMarker,
        });
        const page = await guarded('', client.send(command)).catch(nothingWhereNotKnown);
        for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
          if (Initiated === undefined || Initiated > untouchedSince) continue;
          if (Key === undefined || !isOurs(Key.slice(prefix.length))) continue;
          await guarded('', client.send(new s3.AbortMultipartUploadCommand({ Bucket, Key, UploadId })));
          removed += 1;
        }
        const more = page.IsTruncated === true;
        KeyMarker = more ? page.NextKeyMarker : undefined;
        UploadIdMarker = more ? page.NextUploadIdMarker : undefined;
      } while (KeyMarker !== undefined);
      return removed;
    },
  };
}

function clientSettings(options: S3Options): S3ClientConfig {
  const { endpoint, region, accessKeyId, secretAccessKey } = options;
  return {
    region,
    maxAttempts: ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: ANSWER_MS,
      throwOnRequestTimeout: true,
    },
    // Records are authenticated by our own cipher; other storages do not know the checksums of Amazon's.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey } }),
  };
}

const FAULTS: Readonly<Record<string, StoreFault>> = {
  NoSuchKey: 'missingObject',
  NoSuchBucket: 'missingBucket',
  AccessDenied: 'refused',
  InvalidAccessKeyId: 'refused',
  SignatureDoesNotMatch: 'refused',
  ExpiredToken: 'refused',
  InvalidToken: 'refused',
  AuthorizationHeaderMalformed: 'refused',
  CredentialsProviderError: 'refused',
  QuotaExceeded: 'full',
  XMinioStorageFull: 'full',
};

function translate(error: unknown, objectName: string): Error {
  if (!(error instanceof Error)) return storeError('away', objectName, 'unknown');
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  const reason = /^[\w.-]{1,60}$/.test(error.name) ? error.name : 'unknown';
  const fault = FAULTS[error.name] ?? (status === 401 || status === 403 ? 'refused' : 'away');
  return storeError(fault, objectName, status === undefined ? reason : `${reason}, ${status}`);
}

/** Some storages do not list what is unfinished; their own rules remove it. */
function nothingWhereNotKnown(error: unknown): {
  Uploads?: never[];
  IsTruncated?: boolean;
  NextKeyMarker?: string;
  NextUploadIdMarker?: string;
} {
  if (error instanceof Error && error.message.includes('NotImplemented')) return {};
  throw error;
}
