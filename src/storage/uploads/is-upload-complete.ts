import type { Tx } from '../database.ts';

/** Whether the open upload of a profile holds any file. */
export async function hasUploadedFiles(tx: Tx, profileId: string): Promise<boolean> {
  const rows = await tx.query(
    `select 1 from upload u join upload_file f on f.tenant_id = u.tenant_id and f.upload_id = u.id
      where u.profile_id = $1 and u.state = 'open' limit 1`,
    [profileId],
  );
  return rows.length > 0;
}

/**
 * Whether the open upload of a profile holds all these files (lower-case names), or a zip, and nothing came for that long, blocks included. To
 * rely on it, lock the upload first (lock: true), as the seal that follows does.
 */
export async function isUploadComplete(
  tx: Tx,
  profileId: string,
  expected: { readonly files: readonly string[]; readonly quietSeconds: number; readonly lock: boolean },
): Promise<boolean> {
  const uploads = await tx.query<{ id: string }>(
    `select id from upload where profile_id = $1 and state = 'open' ${expected.lock ? 'for update' : ''}`,
    [profileId],
  );
  const upload = uploads[0];
  if (upload === undefined) return false;
  const rows = await tx.query<{ complete: boolean }>(
    `select (select count(distinct lower(name)) filter (where lower(name) = any($2)) = $3 or bool_or(lower(name) like '%.zip')
               from upload_file where upload_id = $1)
        and not exists (select from upload_file where upload_id = $1 and committed_at > clock_timestamp() - make_interval(secs => $4))
        and not exists (select from upload_block where upload_id = $1 and created_at > clock_timestamp() - make_interval(secs => $4))
        as complete`,
    [upload.id, expected.files, expected.files.length, expected.quietSeconds],
  );
  return rows[0]?.complete ?? false;
}
