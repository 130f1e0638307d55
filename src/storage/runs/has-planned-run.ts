import type { Tx } from '../database.ts';

/** Whether a run of the profile has read its files, or is reading them, and has not come to its end. */
export async function hasPlannedRun(tx: Tx, profileId: string): Promise<boolean> {
  const rows = await tx.query(
    `select 1 from run where profile_id = $1
        and (state in ('staging', 'planning', 'applying')
          or (planned_at is not null and state in ('queued', 'held', 'suspended', 'broken')))
      limit 1`,
    [profileId],
  );
  return rows.length > 0;
}
