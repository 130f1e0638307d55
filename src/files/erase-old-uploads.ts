import { asOwner, inTenant, type Database } from '#storage/database.ts';
import { eraseUpload } from '#storage/uploads/erase-upload.ts';
import { findErasableUploads } from '#storage/uploads/find-erasable-uploads.ts';
import type { FileStore } from './file-store.ts';
import { removeObjects } from './remove-objects.ts';

/**
 * Housekeeping: erases uploads that nobody needs any more (findErasableUploads says which). The key goes first, in a
 * transaction of its own; the bytes follow, and whatever a crash leaves of them is noise that removeOrphans takes.
 * @returns how many uploads were erased.
 */
export async function eraseOldUploads(context: {
  readonly db: Database;
  readonly files: FileStore;
  readonly retentionDays: number;
}): Promise<number> {
  const { db, files, retentionDays } = context;
  const uploads = await asOwner(db, (tx) => findErasableUploads(tx, { retentionDays, limit: 1000 }));
  for (const { tenantId, uploadId } of uploads) {
    await removeObjects(files, await inTenant(db, tenantId, (tx) => eraseUpload(tx, uploadId)));
  }
  return uploads.length;
}
