import type { ContainerClient } from '@azure/storage-blob';

import { must } from '#lib/assert.ts';
import { type StoreFault, storeError } from '../file-store-errors.ts';
import type { ObjectBucket } from './object-bucket.ts';

/** Plain data, as for S3. */
export interface AzureOptions {
  /** A connection string of the storage account, or the URL of the container with a shared access signature. */
  readonly connection: string;
  readonly container: string;
  readonly prefix: string;
}

const RETRIES = { maxTries: 4, tryTimeoutInMs: 60_000, retryDelayInMs: 500, maxRetryDelayInMs: 8_000 };

/** A container of Azure Blob Storage. The client is loaded here, so that nobody else pays for it. */
export async function openAzureBucket(options: AzureOptions): Promise<ObjectBucket> {
  const { prefix } = options;
  const container = await openContainer(options);
  const guarded = async <T>(objectName: string, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw translate(error, objectName);
    }
  };
  const blobOf = (objectName: string): ReturnType<ContainerClient['getBlockBlobClient']> =>
    container.getBlockBlobClient(`${prefix}${objectName}`);

  return {
    async putWhole(objectName, bytes) {
      await guarded(objectName, blobOf(objectName).upload(bytes, bytes.length));
    },

    beginParts(objectName) {
      const blob = blobOf(objectName);
      const blockIds: string[] = [];
      return Promise.resolve({
        async put(partNo, bytes) {
          const blockId = Buffer.from(String(partNo).padStart(8, '0')).toString('base64');
          await guarded(objectName, blob.stageBlock(blockId, bytes, bytes.length));
          blockIds.push(blockId);
        },
        async finish() {
          await guarded(objectName, blob.commitBlockList(blockIds));
        },
        // Blocks that nobody commits are nowhere listed as a blob, and Azure removes them after a week.
        abandon: () => Promise.resolve(),
      });
    },

    async fetch(objectName, start, end, signal) {
      const answer = await guarded(
        objectName,
        blobOf(objectName).download(start, end - start, { abortSignal: signal, maxRetryRequests: 0 }),
      );
      const total = /\/(\d+)$/.exec(answer.contentRange ?? '')?.[1] ?? String(answer.contentLength ?? 0);
      return {
        totalBytes: Number(total),
        bytes: must(answer.readableStreamBody) as unknown as AsyncIterable<Uint8Array>,
      };
    },

    async remove(objectName) {
      await guarded(objectName, blobOf(objectName).deleteIfExists());
    },

    async *list(isOurs) {
      const pages = container.listBlobsFlat(prefix === '' ? {} : { prefix });
      for (;;) {
        const step = await guarded('', pages.next());
        if (step.done === true) return;
        const { name, properties } = step.value;
        const objectName = name.slice(prefix.length);
        if (isOurs(objectName))
          yield {
            objectName,
            sizeBytes: properties.contentLength ?? 0,
            modifiedAt: properties.lastModified,
          };
      }
    },

    removeUnfinished: () => Promise.resolve(0),
  };
}

async function openContainer({ connection, container }: AzureOptions): Promise<ContainerClient> {
  const azure = await import('@azure/storage-blob');
  const settings = { retryOptions: RETRIES };
  return URL.canParse(connection)
    ? new azure.ContainerClient(connection, new azure.AnonymousCredential(), settings)
    : azure.BlobServiceClient.fromConnectionString(connection, settings).getContainerClient(container);
}

const FAULTS: Readonly<Record<string, StoreFault>> = {
  BlobNotFound: 'missingObject',
  ContainerNotFound: 'missingBucket',
  ContainerBeingDeleted: 'missingBucket',
  AuthenticationFailed: 'refused',
  AuthorizationFailure: 'refused',
  AuthorizationPermissionMismatch: 'refused',
  InsufficientAccountPermissions: 'refused',
  NoAuthenticationInformation: 'refused',
};

function translate(error: unknown, objectName: string): Error {
  if (!(error instanceof Error)) return storeError('away', objectName, 'unknown');
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const reason = typeof code === 'string' && /^[\w.-]{1,60}$/.test(code) ? code : error.name;
  const fault = FAULTS[reason] ?? (statusCode === 401 || statusCode === 403 ? 'refused' : 'away');
  return storeError(fault, objectName, reason);
}
