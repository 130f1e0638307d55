import type { DueTenant } from '#core/run/fair-share.ts';

import type { Tx } from '../database.ts';

/** Queued (unless the schedule makes it wait), due for another attempt, or left by a worker whose lease is over. Uses run_unfinished. */
export const IS_DUE = `((r.state = 'queued' and (r.next_attempt_at is null or r.next_attempt_at <= now()))
  or (r.state = 'broken' and coalesce(r.next_attempt_at <= now(), true))
  or (r.state in ('staging', 'planning', 'applying') and (r.lease_expires_at is null or r.lease_expires_at <= now())))`;

const TRIES_PER_TENANT = 20;
const LATEST_STARTS = 20;

/**
 * Runs of all tenants that somebody should be working on. The sweep wakes a worker for each; a wake-up too many is harmless, since
 * claiming decides. As owner.
 */
export async function findDueRuns(tx: Tx): Promise<{ tenantId: string; runId: string }[]> {
  const rows = await tx.query<{ tenant_id: string; id: string }>(
    `select tenant_id, id from run r where ${IS_DUE} order by created_at`,
  );
  return rows.map((row) => ({ tenantId: row.tenant_id, runId: row.id }));
}

/**
 * The tenants that have due runs, those with the oldest first, and how much each is served. Runs that follow another one of their
 * profile are left out while it executes: nobody could claim them. As owner.
 */
export async function findDueTenants(tx: Tx): Promise<DueTenant[]> {
  const rows = await tx.query<{
    tenant_id: string;
    run_ids: string[];
    executing: number;
    last_started_at: Date | null;
  }>(
    `with due as (
       select r.tenant_id, r.id, r.created_at,
              row_number() over (partition by r.tenant_id order by r.created_at, r.id) as place
         from run r
        where ${IS_DUE} and not exists (
          select from run o where o.tenant_id = r.tenant_id and o.profile_id = r.profile_id and o.id <> r.id
            and o.state in ('staging', 'planning', 'applying'))),
     waiting as (
       select tenant_id, array_agg(id order by place) as run_ids, min(created_at) as oldest
         from due where place <= ${TRIES_PER_TENANT} group by tenant_id)
     select w.tenant_id, w.run_ids,
            (select count(*)::integer from run e where e.tenant_id = w.tenant_id
              and e.state in ('staging', 'planning', 'applying') and e.lease_expires_at > now()) as executing,
            (select max(s.started_at) from (select started_at from run l where l.tenant_id = w.tenant_id and started_at is not null
              order by id desc limit ${LATEST_STARTS}) s) as last_started_at
       from waiting w order by w.oldest, w.tenant_id`,
  );
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    runIds: row.run_ids,
    executing: row.executing,
    lastStartedAt: row.last_started_at,
  }));
}
