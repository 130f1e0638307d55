import type { Tx } from '../database.ts';

/** Uploads of a profile that still have their key, locked, so that no seal or write is under way. */
export async function listProfileUploads(tx: Tx, profileId: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `select id from upload where profile_id = $1 and state <> 'erased' order by created_at for update`,
    [profileId],
  );
  return rows.map((row) => row.id);
}
