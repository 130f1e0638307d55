import type { Tx } from '../database.ts';

/** Whether the open upload of a profile has files. */
export async function hasOpenFiles(tx: Tx, profileId: string): Promise<boolean> {
  const rows = await tx.query(
    `select 1 from upload u join upload_file f on f.upload_id = u.id where u.profile_id = $1 and u.state = 'open' limit 1`,
    [profileId],
  );
  return rows.length > 0;
}

/** The upload of a profile that was sealed last and still has its key. */
export async function newestSealedUpload(tx: Tx, profileId: string): Promise<string | null> {
  const rows = await tx.query<{ id: string }>(
    `select u.id from upload u where u.profile_id = $1 and u.state = 'sealed' and u.wrapped_key is not null
       and exists (select from upload_file f where f.upload_id = u.id)
      order by u.sealed_at desc limit 1`,
    [profileId],
  );
  return rows[0]?.id ?? null;
}
