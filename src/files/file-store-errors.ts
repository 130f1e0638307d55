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
