import type { Tx } from '../database.ts';

/** A file of the open upload of a profile by its name in lower case; null: it is not there. */
export async function findOpenFile(
  tx: Tx,
  profileId: string,
  name: string,
): Promise<{
  readonly wrappedKey: Buffer;
  readonly objectName: string;
  readonly sizeBytes: number;
} | null> {
  const rows = await tx.query<{ wrappedKey: Buffer; objectName: string; sizeBytes: number }>(
    `select u.wrapped_key as "wrappedKey", f.object_name as "objectName", f.size_bytes::float8 as "sizeBytes"
       from upload u join upload_file f on f.tenant_id = u.tenant_id and f.upload_id = u.id
      where u.profile_id = $1 and u.state = 'open' and u.wrapped_key is not null and lower(f.name) = $2`,
    [profileId, name],
  );
  return rows[0] ?? null;
}
