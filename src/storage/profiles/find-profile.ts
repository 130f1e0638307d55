import type { Filter } from '#core/query/filter.ts';

import type { Tx } from '../database.ts';
import { countObjects, readPage, type PageKey, type PageQuery } from '../views/read-view.ts';
import { PROFILE_VIEW } from './profile-views.ts';
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

/** Which part of the profiles, in which order. */
export type ProfileQuery = Pick<PageQuery, 'filter' | 'orderBy' | 'after' | 'skip' | 'limit'>;

/** A page of the profiles that are not deleted: in the order of ids, which is that of their creation, unless ordered otherwise. */
export async function listProfiles(
  tx: Tx,
  query: ProfileQuery,
): Promise<{ profiles: StoredProfile[]; next: PageKey | undefined }> {
  const { rows, next } = await readPage(tx, {
    ...query,
    view: PROFILE_VIEW,
    paths: [],
    columns: PROFILE_COLUMNS,
  });
  return { profiles: rows.map((row) => toStoredProfile(row as unknown as ProfileRow)), next };
}

/** How many profiles are not deleted and fit. */
export function countProfiles(tx: Tx, filter: Filter | undefined): Promise<number> {
  return countObjects(tx, { view: PROFILE_VIEW, filter });
}

/** Whether there is such a profile, or was: deleted ones stay for the history of their runs. */
export async function profileExists(tx: Tx, id: string): Promise<boolean> {
  const rows = await tx.query('select 1 from profile where id = $1', [id]);
  return rows.length > 0;
}
