import type { Tx } from '../database.ts';

/**
 * Removes some of the membership changes that are older than so many days: of all tenants, as owner. @returns whether there may be more of them.
 */
export async function forgetMembershipChanges(tx: Tx, days: number, limit: number): Promise<boolean> {
  const rows = await tx.query<{ removed: number }>(
    `with old as (select ctid from membership_change where created_at < now() - make_interval(days => $1) limit $2),
          gone as (delete from membership_change where ctid in (select ctid from old) returning 1)
     select count(*)::integer as removed from gone`,
    [days, limit],
  );
  return (rows[0]?.removed ?? 0) >= limit;
}
