import type { UploadLimits } from '#core/upload/upload-limits.ts';
import { must } from '#lib/assert.ts';
import type { Tx } from '../database.ts';
import { lockOpenUpload } from './lock-open-upload.ts';
import { UploadRefusedError } from './upload-refused.ts';

export interface NewFile {
  readonly name: string;
  readonly objectName: string;
  readonly sizeBytes: number;
  readonly sha256: Buffer;
  readonly md5: Buffer;
  /** When a block list made it: its blocks in order. */
  readonly blocks?: readonly { readonly id: string; readonly sizeBytes: number }[];
}

export interface CommitConditions {
  readonly limits: UploadLimits;
  /** If-None-Match: *. */
  readonly onlyIfAbsent?: boolean;
  /** Objects the file was put together from: they must still be the current ones. */
  readonly madeFrom?: readonly string[];
}

/**
 * Makes a stored object the file of that name, in place of the one there was (case makes no other name), and drops
 * the blocks that waited for this name. A reader sees the old file or the new one.
 * @returns the objects that nobody names any more; remove them after the commit.
 * Errors: UploadRefusedError.
 */
export async function commitFile(
  tx: Tx,
  uploadId: string,
  file: NewFile,
  conditions: CommitConditions,
): Promise<string[]> {
  await lockOpenUpload(tx, uploadId);
  const { limits, onlyIfAbsent = false, madeFrom = [] } = conditions;
  const [found] = await tx.query<{
    present: string[];
    exists: boolean;
    other_bytes: number;
    other_files: number;
  }>(
    `select array(select object_name from upload_block where upload_id = $1 and name = lower($2)
                  union all select object_name from upload_file where upload_id = $1 and lower(name) = lower($2)) as present,
            coalesce(bool_or(lower(name) = lower($2)), false) as exists,
            (coalesce(sum(size_bytes) filter (where lower(name) <> lower($2)), 0)
              + coalesce((select sum(size_bytes) from upload_block where upload_id = $1 and name <> lower($2)), 0))::float8
              as other_bytes,
            count(*) filter (where lower(name) <> lower($2))::int as other_files
       from upload_file where upload_id = $1`,
    [uploadId, file.name],
  );
  const { present, exists, other_bytes, other_files } = must(found);
  if (onlyIfAbsent && exists) throw new UploadRefusedError('fileExists');
  const presentObjects = new Set(present);
  if (!madeFrom.every((name) => presentObjects.has(name))) throw new UploadRefusedError('blockMissing');
  if (other_files >= limits.maxFiles) throw new UploadRefusedError('tooManyFiles');
  if (other_bytes + file.sizeBytes > limits.maxUploadBytes) throw new UploadRefusedError('uploadTooLarge');

  await tx.query('delete from upload_block where upload_id = $1 and name = lower($2)', [uploadId, file.name]);
  await tx.query(
    `insert into upload_file (tenant_id, upload_id, name, object_name, size_bytes, sha256, md5, blocks)
     values (current_tenant(), $1, $2, $3, $4, $5, $6, $7)
     on conflict (tenant_id, upload_id, lower(name)) do update
       set name = excluded.name, object_name = excluded.object_name, size_bytes = excluded.size_bytes,
           sha256 = excluded.sha256, md5 = excluded.md5, blocks = excluded.blocks, committed_at = now()`,
    [
      uploadId,
      file.name,
      file.objectName,
      file.sizeBytes,
      file.sha256,
      file.md5,
      file.blocks === undefined ? null : JSON.stringify(file.blocks),
    ],
  );
  return present;
}
