import type { Tx } from '../database.ts';
import { listFiles, type UploadFile } from './list-files.ts';

/** A sealed upload with its files. Undefined: there is none by that id, it is open, or it was erased. */
export async function findSealedUpload(
  tx: Tx,
  uploadId: string,
): Promise<{ readonly wrappedKey: Buffer; readonly files: readonly UploadFile[] } | undefined> {
  const [row] = await tx.query<{ wrapped_key: Buffer | null }>(
    `select wrapped_key from upload where id = $1 and state = 'sealed'`,
    [uploadId],
  );
  if (!row?.wrapped_key) return undefined;
  return { wrappedKey: row.wrapped_key, files: await listFiles(tx, uploadId) };
}
