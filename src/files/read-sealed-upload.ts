import { NotFoundError } from '#lib/errors.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import { inTenant, type Database } from '#storage/database.ts';
import { findSealedUpload } from '#storage/uploads/find-sealed-upload.ts';
import type { UploadFile } from '#storage/uploads/list-files.ts';

/**
 * All that a worker thread needs to read a sealed upload, as plain data. In the thread:
 * `openFileStore(options).read(file.objectName, key)`.
 */
export interface SealedUploadContent {
  readonly uploadId: string;
  readonly sealedAt: Date;
  /** Made by Rollbook of delta files and the set before them. */
  readonly merged: boolean;
  /** 32 bytes. Keep it in memory only. */
  readonly key: Buffer;
  readonly files: readonly UploadFile[];
}

/** Errors: NotFoundError when the upload is open, erased or not there; `SecretKeyMismatch` when SECRET_KEY is another one. */
export async function readSealedUpload(
  db: Database,
  secretBox: SecretBox,
  tenantId: string,
  uploadId: string,
): Promise<SealedUploadContent> {
  const found = await inTenant(db, tenantId, (tx) => findSealedUpload(tx, uploadId), { readOnly: true });
  if (found === undefined) {
    throw new NotFoundError('The files of this run are not kept any more. Upload them again and start.');
  }
  const { sealedAt, merged, files } = found;
  return { uploadId, sealedAt, merged, key: secretBox.open(found.wrappedKey), files };
}
