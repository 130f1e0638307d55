import type { Tx } from '../database.ts';

/**
 * Removes some of the membership changes that are older than so many days, and notes up to where: of all tenants, as owner. @returns whether there may be more.
 */
export async function forgetMembershipChanges(tx: Tx, days: number, limit: number): Promise<boolean> {
  const rows = await tx.query<{ removed: number }>(
    `with old as (select ctid from membership_change where created_at < now() - make_interval(days => $1) limit $2),
          gone as (delete from membership_change where ctid in (select ctid from old) returning tenant_id, change_seq),
          noted as (
            update tenant_counter c set forgotten_seq = greatest(c.forgotten_seq, g.change_seq)
              from (select tenant_id, max(change_seq) as change_seq from gone group by tenant_id) g where c.tenant_id = g.tenant_id)
     select count(*)::integer as removed from gone`,
    [days, limit],
  );
  return (rows[0]?.removed ?? 0) >= limit;
}
