import type { Tx } from '../database.ts';
import { UploadRefusedError } from './upload-refused.ts';

/**
 * First statement of every transaction that adds to an upload. Lock order: upload, then its files and blocks.
 *
 * FOR NO KEY UPDATE makes the writers of one upload take turns, so that its limits hold, and makes a seal wait for them: a
 * file is in the sealed set whole or its writer finds the upload sealed here.
 */
export async function lockOpenUpload(tx: Tx, uploadId: string): Promise<void> {
  const rows = await tx.query<{ state: string }>('select state from upload where id = $1 for no key update', [
    uploadId,
  ]);
  assertOpen(rows[0]?.state);
}

/** Errors: UploadRefusedError `gone` or `sealed` for any state but open. */
export function assertOpen(state: string | undefined): void {
  if (state === undefined || state === 'erased') throw new UploadRefusedError('gone');
  if (state !== 'open') throw new UploadRefusedError('sealed');
}
