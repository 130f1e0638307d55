import type { Tx } from '../database.ts';
import { IS_DUE } from '../runs/due-runs.ts';

export interface QueueGauges {
  /** Runs that somebody should be working on, and nobody is. */
  readonly runs: number;
  /** Seconds since the oldest of them became due; 0 when there is none. */
  readonly oldestSeconds: number;
  readonly noticesWaiting: number;
}

/** How much waits, over all tenants (as owner). A run that follows another one of its profile is not due while that executes. */
export async function readQueueGauges(tx: Tx): Promise<QueueGauges> {
  const [row] = await tx.query<QueueGauges>(
    `select count(*)::int as runs,
            coalesce(extract(epoch from now() - min(coalesce(r.lease_expires_at, r.next_attempt_at, r.created_at))), 0)::float8
              as "oldestSeconds",
            (select count(*)::int from notice_delivery d where d.state = 'waiting') as "noticesWaiting"
       from run r
      where ${IS_DUE} and not exists (
        select from run o where o.tenant_id = r.tenant_id and o.profile_id = r.profile_id and o.id <> r.id
          and o.state in ('staging', 'planning', 'applying'))`,
  );
  return row ?? { runs: 0, oldestSeconds: 0, noticesWaiting: 0 };
}
