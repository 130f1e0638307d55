import { OperationalError } from '#lib/errors.ts';

/** The stream held more bytes than the caller allows. */
export class FileTooLargeError extends OperationalError {
  override readonly name = 'FileTooLargeError';
  readonly maxSizeBytes: number;
  constructor(maxSizeBytes: number) {
    super('FileTooLarge', `The file is larger than ${maxSizeBytes} bytes. Split it or raise the limit.`);
    this.maxSizeBytes = maxSizeBytes;
  }
}

/** The stored bytes are not what was written under this name and key. */
export function damagedObject(objectName: string, what: string): OperationalError {
  return new OperationalError(
    'UploadBytesDamaged',
    `The stored upload bytes ${objectName} are damaged (${what}). Upload the files again.`,
  );
}

export function missingObject(objectName: string, cause: unknown): OperationalError {
  return new OperationalError(
    'UploadBytesMissing',
    `The stored upload bytes ${objectName} are not there. Upload the files again.`,
    { cause },
  );
}

/** What a disk says that is not there as it should be, or lets nobody in. */
const DISK_FAULTS = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'EIO',
  'ELOOP',
  'ENOTDIR',
  'ENODEV',
  'ENXIO',
  'ESTALE',
]);

/** A disk that is full, or cannot be used, is the operator's affair, in words that say so; what met it is tried again. Other errors stay what they are. */
export function diskError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new OperationalError(
      'StorageFull',
      'There is no space left for uploads. Free some and try again.',
      { retry: 'retry', cause: error },
    );
  if (!DISK_FAULTS.has(code)) return error;
  return new OperationalError(
    'StorageUnavailable',
    `Uploads cannot be stored or read (${code}). Check the disk, and whom the folder of uploads belongs to.`,
    { retry: 'retry', cause: error },
  );
}

/** What a storage of objects on the network answered when it did not do what it was asked. */
export type StoreFault = 'missingObject' | 'missingBucket' | 'refused' | 'full' | 'away';

/**
 * The same error for every such storage; all but a missing object are the operator's affair, and what met them is tried again.
 * `reason`: a short word of the storage, such as its error code. What its client threw is not kept: it may hold addresses and signatures.
 */
export function storeError(fault: StoreFault, objectName: string, reason: string): OperationalError {
  switch (fault) {
    case 'missingObject':
      return missingObject(objectName, new Error(reason));
    case 'missingBucket':
      return new OperationalError(
        'StorageBucketMissing',
        `The bucket or container for uploads does not exist (${reason}). Make it, or correct its name in the settings.`,
        { retry: 'retry' },
      );
    case 'refused':
      return new OperationalError(
        'StorageRefused',
        `The storage of uploads refuses the credentials or the right to do it (${reason}). Check the settings of UPLOAD_STORE.`,
        { retry: 'retry' },
      );
    case 'full':
      return new OperationalError('StorageFull', `The storage of uploads has no room left (${reason}).`, {
        retry: 'retry',
      });
    case 'away':
      return new OperationalError(
        'StorageUnavailable',
        `The storage of uploads does not answer as it should (${reason}). It is tried again.`,
        { retry: 'retry' },
      );
  }
}
