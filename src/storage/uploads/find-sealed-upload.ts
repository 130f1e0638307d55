import type { Tx } from '../database.ts';
import { listFiles, type UploadFile } from './list-files.ts';

export interface SealedUploadRow {
  readonly wrappedKey: Buffer;
  readonly sealedAt: Date;
  /** Made by Rollbook of delta files and the set before them. */
  readonly merged: boolean;
  readonly files: readonly UploadFile[];
}

/** A sealed upload with its files. Undefined: there is none by that id, it is open, or it was erased. */
export async function findSealedUpload(tx: Tx, uploadId: string): Promise<SealedUploadRow | undefined> {
  const [row] = await tx.query<{ wrapped_key: Buffer | null; sealed_at: Date; merged: boolean }>(
    `select wrapped_key, sealed_at, base_upload_id is not null as merged from upload where id = $1 and state = 'sealed'`,
    [uploadId],
  );
  if (!row?.wrapped_key) return undefined;
  return {
    wrappedKey: row.wrapped_key,
    sealedAt: row.sealed_at,
    merged: row.merged,
    files: await listFiles(tx, uploadId),
  };
}
