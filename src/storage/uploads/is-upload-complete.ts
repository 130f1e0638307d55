import { isWholeRoster, type RosterFileSet } from '#core/schedule/roster-file-set.ts';
import { must } from '#lib/assert.ts';

import type { Tx } from '../database.ts';

/** Of `profile p`: its open upload holds a file. */
export const HAS_FILES = `exists (
  select from upload u join upload_file f on f.tenant_id = u.tenant_id and f.upload_id = u.id
   where u.tenant_id = p.tenant_id and u.profile_id = p.id and u.state = 'open')`;

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
 * Whether the open upload of a profile holds all files that one of these sets requires, or a zip, and nothing came for that long, blocks included. To
 * rely on it, lock the upload first (lock: true), as the seal that follows does.
 */
export async function isUploadComplete(
  tx: Tx,
  profileId: string,
  expected: {
    readonly fileSets: readonly RosterFileSet[];
    readonly quietSeconds: number;
    readonly lock: boolean;
  },
): Promise<boolean> {
  const uploads = await tx.query<{ id: string }>(
    `select id from upload where profile_id = $1 and state = 'open' ${expected.lock ? 'for update' : ''}`,
    [profileId],
  );
  const upload = uploads[0];
  if (upload === undefined) return false;
  const rows = await tx.query<{ names: string[]; quiet: boolean }>(
    `select array(select lower(name) from upload_file where upload_id = $1) as names,
            not exists (select from upload_file where upload_id = $1 and committed_at > clock_timestamp() - make_interval(secs => $2))
        and not exists (select from upload_block where upload_id = $1 and created_at > clock_timestamp() - make_interval(secs => $2))
            as quiet`,
    [upload.id, expected.quietSeconds],
  );
  const { names, quiet } = must(rows[0]);
  const complete =
    names.some((name) => name.endsWith('.zip')) || isWholeRoster(new Set(names), expected.fileSets);
  return quiet && complete;
}
