import type { FileStore } from './file-store.ts';
import { openLocalFileStore } from './local-file-store.ts';
import { type AzureOptions, openAzureBucket } from './remote/azure-bucket.ts';
import type { ObjectBucket } from './remote/object-bucket.ts';
import { remoteFileStore } from './remote/remote-file-store.ts';
import { openS3Bucket, type S3Options } from './remote/s3-bucket.ts';

/** Where the bytes of uploads are, as plain data: a worker thread opens the same store by it. Holds secrets; never log it. */
export type FileStoreOptions =
  | { readonly kind: 'local'; readonly directory: string }
  | ({ readonly kind: 's3' } & S3Options)
  | ({ readonly kind: 'azure' } & AzureOptions);

export function openFileStore(options: FileStoreOptions): FileStore {
  switch (options.kind) {
    case 'local':
      return openLocalFileStore({ directory: options.directory });
    case 's3':
    case 'azure':
      return remoteFileStore(() => openBucket(options));
  }
}

/** The bucket or container itself, for who looks after it. */
export function openBucket(
  options: Exclude<FileStoreOptions, { readonly kind: 'local' }>,
): Promise<ObjectBucket> {
  return options.kind === 's3' ? openS3Bucket(options) : openAzureBucket(options);
}
