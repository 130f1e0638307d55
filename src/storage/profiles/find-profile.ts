import type { Tx } from '../database.ts';
import { PROFILE_COLUMNS, toStoredProfile, type ProfileRow, type StoredProfile } from './profile-row.ts';

const FROM = 'from profile p join tenant t on t.id = p.tenant_id';

/** The profile, or null when there is none by that id or it is deleted. */
export async function findProfile(tx: Tx, id: string): Promise<StoredProfile | null> {
  const rows = await tx.query<ProfileRow>(
    `select ${PROFILE_COLUMNS} ${FROM} where p.id = $1 and p.state <> 'deleted'`,
    [id],
  );
  return rows[0] ? toStoredProfile(rows[0]) : null;
}

/**
 * As findProfile, locking the row until the transaction ends. Every command that changes a profile or its runs takes
 * this lock first; then uploads, then runs.
 */
export async function lockProfile(tx: Tx, id: string): Promise<StoredProfile | null> {
  const rows = await tx.query<ProfileRow>(
    `select ${PROFILE_COLUMNS} ${FROM} where p.id = $1 and p.state <> 'deleted' for no key update of p`,
    [id],
  );
  return rows[0] ? toStoredProfile(rows[0]) : null;
}

/** Profiles that are not deleted, the oldest first, and how many there are in all. */
export async function listProfiles(
  tx: Tx,
  page: { limit: number; offset: number },
): Promise<{ profiles: StoredProfile[]; total: number }> {
  const rows = await tx.query<ProfileRow>(
    `select ${PROFILE_COLUMNS} ${FROM} where p.state <> 'deleted' order by p.created_at, p.id limit $1 offset $2`,
    [page.limit, page.offset],
  );
  const counted = await tx.query<{ total: number }>(
    `select count(*)::float8 as total from profile where state <> 'deleted'`,
  );
  return { profiles: rows.map(toStoredProfile), total: counted[0]?.total ?? 0 };
}
