import type { Tx } from '../database.ts';

/**
 * Runs of all tenants that somebody should be working on: queued (unless the schedule makes it wait), due for another attempt, or left by a worker whose
 * lease is over. The sweep wakes a worker for each; a wake-up too many is harmless, since claiming decides. As owner.
 */
export async function findDueRuns(tx: Tx): Promise<{ tenantId: string; runId: string }[]> {
  const rows = await tx.query<{ tenant_id: string; id: string }>(
    `select tenant_id, id from run
      where (state = 'queued' and (next_attempt_at is null or next_attempt_at <= now()))
         or (state = 'broken' and coalesce(next_attempt_at <= now(), true))
         or (state in ('staging', 'planning', 'applying') and (lease_expires_at is null or lease_expires_at <= now()))
      order by created_at`,
  );
  return rows.map((row) => ({ tenantId: row.tenant_id, runId: row.id }));
}
