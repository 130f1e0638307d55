import type { Tx } from '../database.ts';
import { pageToSql, type ListPage } from './list-page.ts';
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

/** Profiles that are not deleted, the oldest first unless ordered otherwise, and how many there are in all. */
export async function listProfiles(
  tx: Tx,
  page: ListPage,
): Promise<{ profiles: StoredProfile[]; total: number }> {
  const { where, orderBy, binder } = pageToSql(page, PROFILE_VIEW, 'p.created_at');
  const from = `${PROFILE_VIEW.from} where ${where}`;
  const counted = await tx.query<{ total: number }>(
    `select count(*)::float8 as total from ${from}`,
    binder.values,
  );
  const rows =
    page.limit === 0
      ? []
      : await tx.query<ProfileRow>(
          `select ${PROFILE_COLUMNS} from ${from} ${orderBy}
            limit ${binder.bind(page.limit, 'int8')} offset ${binder.bind(page.offset, 'int8')}`,
          binder.values,
        );
  return { profiles: rows.map(toStoredProfile), total: counted[0]?.total ?? 0 };
}

/** Whether there is such a profile, or was: deleted ones stay for the history of their runs. */
export async function profileExists(tx: Tx, id: string): Promise<boolean> {
  const rows = await tx.query('select 1 from profile where id = $1', [id]);
  return rows.length > 0;
}
