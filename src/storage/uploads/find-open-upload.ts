import { must } from '#lib/assert.ts';
import type { Tx } from '../database.ts';
import { assertOpen } from './lock-open-upload.ts';

export interface UploadInUse {
  readonly wrappedKey: Buffer;
  /** Files and waiting blocks, without those that a new file of the name asked about would replace. */
  readonly otherBytes: number;
  /** A file of that name, whatever its case, is there. */
  readonly fileExists: boolean;
}

/**
 * What a writer asks before it streams: is the upload open, with which key, and how full is it? No lock: the commit asks
 * again. Errors: UploadRefusedError `gone`, `sealed`.
 */
export async function findOpenUpload(
  tx: Tx,
  where: { readonly profileId: string; readonly uploadId: string; readonly fileName: string },
): Promise<UploadInUse> {
  const rows = await tx.query<{
    state: string;
    wrapped_key: Buffer | null;
    other_bytes: number;
    file_exists: boolean;
  }>(
    `select u.state, u.wrapped_key,
            coalesce((select sum(size_bytes) from upload_file where upload_id = u.id and lower(name) <> lower($3)), 0)::float8
              + coalesce((select sum(size_bytes) from upload_block where upload_id = u.id and lower(name) <> lower($3)), 0)::float8
              as other_bytes,
            exists (select from upload_file where upload_id = u.id and lower(name) = lower($3)) as file_exists
       from upload u join profile p on p.tenant_id = u.tenant_id and p.id = u.profile_id
      where u.id = $1 and u.profile_id = $2 and p.deleted_at is null`,
    [where.uploadId, where.profileId, where.fileName],
  );
  const row = rows[0];
  assertOpen(row?.state);
  const { wrapped_key, other_bytes, file_exists } = must(row);
  return { wrappedKey: must(wrapped_key), otherBytes: other_bytes, fileExists: file_exists };
}
