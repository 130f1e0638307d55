import type { WrittenObject } from '#files/file-store.ts';
import { removeObjects } from '#files/remove-objects.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import type { UploadRequest } from './upload-request.ts';

/**
 * Bytes to disk, then the row that names them: the order that a crash may break off at any point. Durable when it
 * resolves. When anything is refused after the bytes were written (another MD5, a seal in between), they are removed; once
 * COMMIT is on its way they stay, since the row may be there although no answer came: what it does not name, housekeeping removes.
 * `commit` returns the objects that the new one replaces.
 */
export async function storeObject(
  upload: UploadRequest,
  key: Uint8Array,
  plain: AsyncIterable<Uint8Array>,
  maxSizeBytes: number,
  commit: {
    readonly check: (written: WrittenObject) => void;
    readonly save: (tx: Tx, objectName: string, written: WrittenObject) => Promise<string[]>;
  },
): Promise<WrittenObject> {
  const { context, grant, onCleanupFailure } = upload;
  const { db, files, system } = context;
  const objectName = system.newId();
  const written = await files.write(objectName, plain, key, { maxSizeBytes });
  let garbage: string[];
  let isSaved = false;
  try {
    commit.check(written);
    garbage = await inTenant(db, grant.tenantId, async (tx) => {
      const replaced = await commit.save(tx, objectName, written);
      isSaved = true;
      return replaced;
    });
  } catch (error) {
    if (!isSaved) await removeObjects(files, [objectName], onCleanupFailure);
    throw error;
  }
  context.telemetry.metrics.add('rollbook_upload_bytes_total', {}, written.sizeBytes);
  await removeObjects(files, garbage, onCleanupFailure);
  return written;
}
