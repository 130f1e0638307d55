import type { Client } from 'pg';

import { LeaseLostError } from '../runs/lease-run.ts';

export interface MergedUpload {
  readonly id: string;
  readonly wrappedKey: Uint8Array;
  readonly format: string;
  readonly baseUploadId: string;
  readonly deltaUploadId: string;
  readonly files: readonly {
    readonly name: string;
    readonly objectName: string;
    readonly sizeBytes: number;
    readonly sha256: Uint8Array;
    readonly md5: Uint8Array;
  }[];
}

/**
 * Stores a set that was made of delta files, whose objects are durable, in the caller's transaction. It stands right behind the delta upload in the order of
 * its profile, and is a base for the next delta files from the commit on. `isOfRun`: the run goes on with it, now and after a crash; false: the delta files are
 * those of an earlier start. Throws LeaseLostError when the epoch has moved on.
 */
export async function saveMergedUpload(
  client: Client,
  upload: MergedUpload,
  run: { readonly runId: string; readonly epoch: number },
  isOfRun: boolean,
): Promise<void> {
  // The fence, and the lock order: run, uploads.
  const { rowCount } = await client.query(
    `update run set upload_id = upload_id where id = $1 and epoch = $2 and state = 'staging'`,
    [run.runId, run.epoch],
  );
  if (rowCount !== 1) throw new LeaseLostError(run.runId);
  await client.query(
    `insert into upload (tenant_id, id, profile_id, state, wrapped_key, sealed_at, reading, format, base_upload_id, delta_upload_id)
     select tenant_id, $1, profile_id, 'sealed', $2, sealed_at + interval '1 microsecond', 'whole', $3, $4, id
       from upload where id = $5`,
    [upload.id, upload.wrappedKey, upload.format, upload.baseUploadId, upload.deltaUploadId],
  );
  for (const { name, objectName, sizeBytes, sha256, md5 } of upload.files)
    await client.query(
      `insert into upload_file (tenant_id, upload_id, name, object_name, size_bytes, sha256, md5)
       values (current_tenant(), $1, $2, $3, $4, $5, $6)`,
      [upload.id, name, objectName, sizeBytes, sha256, md5],
    );
  await client.query(`update upload set reading = 'merged' where id = $1`, [upload.deltaUploadId]);
  if (isOfRun) await client.query('update run set upload_id = $2 where id = $1', [run.runId, upload.id]);
}
