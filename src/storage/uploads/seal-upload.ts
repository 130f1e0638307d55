import type { Tx } from '../database.ts';
import { listFiles, type UploadFile } from './list-files.ts';

export interface SealedUpload {
  readonly uploadId: string;
  readonly files: readonly UploadFile[];
  /** Blocks that no list has named: dropped. Remove these objects after the commit. */
  readonly garbage: readonly string[];
}

/**
 * Takes the open upload of a profile: from now on its files never change. Waits for commits under way and shuts out later
 * ones, with one row lock (see lockOpenUpload); the lock is held until the transaction ends, so end it soon: uploadUrl
 * answers 409 meanwhile.
 * Needs READ COMMITTED: what it waited for must be visible.
 * @returns undefined when the profile has no open upload.
 */
export async function sealUpload(tx: Tx, profileId: string): Promise<SealedUpload | undefined> {
  const [open] = await tx.query<{ id: string }>(
    `select id from upload where profile_id = $1 and state = 'open' for update`,
    [profileId],
  );
  if (open === undefined) return undefined;
  const uploadId = open.id;
  const dropped = await tx.query<{ object_name: string }>(
    'delete from upload_block where upload_id = $1 returning object_name',
    [uploadId],
  );
  // Later than every upload before, even when the clock was set back: the newest upload is the one that was sealed last. By two, since what is made of
  // the delta files of one stands right behind it (saveMergedUpload).
  await tx.query(
    `update upload set state = 'sealed', sealed_at = greatest(now(),
            (select max(sealed_at) + interval '2 microseconds' from upload where profile_id = $2))
      where id = $1 and state = 'open'`,
    [uploadId, profileId],
  );
  return { uploadId, files: await listFiles(tx, uploadId), garbage: dropped.map((row) => row.object_name) };
}
