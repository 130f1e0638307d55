import type { UploadLimits } from '#core/upload/upload-limits.ts';
import { must } from '#lib/assert.ts';
import type { Tx } from '../database.ts';
import { lockOpenUpload } from './lock-open-upload.ts';
import { UploadRefusedError } from './upload-refused.ts';

export interface NewBlock {
  readonly fileName: string;
  /** Base64, as sent. */
  readonly blockId: string;
  readonly objectName: string;
  readonly sizeBytes: number;
}

/**
 * Takes a stored block into the upload, in place of one with the same id.
 * @returns the objects that nobody names any more; remove them after the commit.
 * Errors: UploadRefusedError.
 */
export async function addBlock(
  tx: Tx,
  uploadId: string,
  block: NewBlock,
  limits: UploadLimits,
): Promise<string[]> {
  await lockOpenUpload(tx, uploadId);
  const { fileName, blockId, objectName, sizeBytes } = block;
  const [found] = await tx.query<{
    file_bytes: number;
    block_bytes: number;
    block_count: number;
    other_names: number;
    id_length: number | null;
  }>(
    `select coalesce((select sum(size_bytes) from upload_file where upload_id = $1), 0)::float8 as file_bytes,
            coalesce(sum(size_bytes), 0)::float8 as block_bytes,
            count(*)::int as block_count,
            (select count(*)::int
               from (select lower(name) from upload_file where upload_id = $1
                     union select lower(name) from upload_block where upload_id = $1) as names (name)
              where name <> lower($2)) as other_names,
            max(length(block_id)) filter (where name = lower($2)) as id_length
       from upload_block
      where upload_id = $1 and not (name = lower($2) and block_id = $3)`,
    [uploadId, fileName, blockId],
  );
  const { file_bytes, block_bytes, block_count, other_names, id_length } = must(found);
  if (id_length !== null && id_length !== blockId.length) throw new UploadRefusedError('blockIdLength');
  if (block_count >= limits.maxBlocks) throw new UploadRefusedError('tooManyBlocks');
  if (other_names >= limits.maxFiles) throw new UploadRefusedError('tooManyFiles');
  // Bytes of a file that this one is going to replace still count: they are on the disk until then.
  if (file_bytes + block_bytes + sizeBytes > limits.maxUploadBytes)
    throw new UploadRefusedError('uploadTooLarge');

  const replaced = await tx.query<{ object_name: string }>(
    'delete from upload_block where upload_id = $1 and name = lower($2) and block_id = $3 returning object_name',
    [uploadId, fileName, blockId],
  );
  await tx.query(
    `insert into upload_block (tenant_id, upload_id, name, block_id, object_name, size_bytes)
     values (current_tenant(), $1, lower($2), $3, $4, $5)`,
    [uploadId, fileName, blockId, objectName, sizeBytes],
  );
  return replaced.map((row) => row.object_name);
}
