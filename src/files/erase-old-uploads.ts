import { asOwner, inTenant, type Database } from '#storage/database.ts';
import { tryEach } from '#storage/try-each.ts';
import { eraseUpload } from '#storage/uploads/erase-upload.ts';
import { type ErasableUpload, findErasableUploads } from '#storage/uploads/find-erasable-uploads.ts';
import type { FileStore } from './file-store.ts';
import { removeObjects } from './remove-objects.ts';

/**
 * Housekeeping: erases uploads that nobody needs any more (findErasableUploads says which). The keys go first, each in a
 * transaction of its own; the bytes follow, and whatever a crash or a stop leaves of them is noise that removeOrphans takes.
 * @returns how many uploads were erased.
 */
export async function eraseOldUploads(context: {
  readonly db: Database;
  readonly files: FileStore;
  readonly retentionDays: number;
  /** Ends it between two uploads, or objects. */
  readonly signal?: AbortSignal | undefined;
}): Promise<number> {
  const { db, files, retentionDays, signal } = context;
  const uploads = await asOwner(db, (tx) => findErasableUploads(tx, { retentionDays, limit: 1000 }));
  const objectNames: string[] = [];
  const eraseKeys = async ({ tenantId, uploadId }: ErasableUpload): Promise<void> => {
    objectNames.push(...(await inTenant(db, tenantId, (tx) => eraseUpload(tx, uploadId))));
  };
  try {
    return await tryEach(uploads, eraseKeys, () => signal?.aborted === true);
  } finally {
    // A storage that is away takes its time for each, and no key waits for it.
    for (const objectName of objectNames) {
      if (signal?.aborted) break;
      await removeObjects(files, [objectName]);
    }
  }
}
