import { OperationalError } from '#lib/errors.ts';

/**
 * gone: no such upload, or its profile was deleted. sealed: a start has taken it. fileExists: asked to write only if absent.
 * blockMissing: a block list names a block that is not there, or no more. blockIdLength: block ids of one file differ in length.
 */
export type UploadRefusal =
  | 'gone'
  | 'sealed'
  | 'fileExists'
  | 'tooManyFiles'
  | 'tooManyBlocks'
  | 'uploadTooLarge'
  | 'blockMissing'
  | 'blockIdLength';

const MESSAGES: Readonly<Record<UploadRefusal, string>> = {
  gone: 'There is no such upload. Ask for a new uploadUrl.',
  sealed: 'This upload was taken by a start and takes no more files. Ask for a new uploadUrl.',
  fileExists: 'A file of this name is already there.',
  tooManyFiles: 'The upload holds as many files as it may.',
  tooManyBlocks: 'Too many blocks. Send the file in larger blocks.',
  uploadTooLarge: 'The files of this upload are larger than allowed, all together.',
  blockMissing: 'The block list names a block that was not sent, or was replaced meanwhile.',
  blockIdLength: 'The block ids of a file must all have the same length.',
};

/** An upload does not take what was sent. Nothing has changed. */
export class UploadRefusedError extends OperationalError {
  override readonly name = 'UploadRefusedError';
  readonly refusal: UploadRefusal;
  constructor(refusal: UploadRefusal) {
    super('UploadRefused', MESSAGES[refusal]);
    this.refusal = refusal;
  }
}
