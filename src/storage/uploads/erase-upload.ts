import type { Tx } from '../database.ts';

/**
 * Drops the key of an upload: from the commit on its bytes are noise. Names, sizes and hashes of its files stay as history.
 * @returns the objects to remove after the commit. Nothing for an upload that was erased before.
 */
export async function eraseUpload(tx: Tx, uploadId: string): Promise<string[]> {
  const erased = await tx.query(
    `update upload set state = 'erased', wrapped_key = null, erased_at = now()
      where id = $1 and state <> 'erased' returning id`,
    [uploadId],
  );
  if (erased.length === 0) return [];
  const rows = await tx.query<{ object_name: string }>(
    `with dropped as (delete from upload_block where upload_id = $1 returning object_name)
     select object_name from dropped union all select object_name from upload_file where upload_id = $1`,
    [uploadId],
  );
  return rows.map((row) => row.object_name);
}
