/** What housekeeping takes out of the history. Everything here runs as owner and sees all tenants. */
import { isFinal, RUN_STATES } from '#core/run/run-state.ts';

import type { Tx } from '../database.ts';

const FINAL_STATES = RUN_STATES.filter(isFinal);
/** Runs of a living profile that stay, whatever their age. */
const NEWEST_RUNS = 20;

/** $1: days, $2: final states. Never the run whose plan is the one in the directory. */
const REMOVABLE = `r.state = any($2) and coalesce(r.finished_at, r.created_at) < now() - make_interval(days => $1)
  and r.id is distinct from p.accepted_run_id
  and (p.state = 'deleted' or ${NEWEST_RUNS} <= (select count(*) from
    (select from run n where n.tenant_id = r.tenant_id and n.profile_id = r.profile_id
        and (n.created_at, n.id) > (r.created_at, r.id) limit ${NEWEST_RUNS}) newer))`;
const FROM = 'from run r join profile p on p.tenant_id = r.tenant_id and p.id = r.profile_id';

export interface OldRun {
  readonly tenantId: string;
  readonly runId: string;
}

/** Runs that ended longer ago than that, the oldest first. */
export async function findRemovableRuns(
  tx: Tx,
  options: { readonly retentionDays: number; readonly limit: number },
): Promise<OldRun[]> {
  return tx.query<OldRun>(
    `select r.tenant_id as "tenantId", r.id as "runId" ${FROM} where ${REMOVABLE} order by r.created_at limit $3`,
    [options.retentionDays, FINAL_STATES, options.limit],
  );
}

/** Tables with many rows of one run, and what numbers them there. */
const LARGE = [
  ['plan_item_hold', 'item_no'],
  ['plan_item_failure', 'item_no'],
  ['bulk.plan_item', 'item_no'],
  ['bulk.finding', 'finding_no'],
] as const;
/** Tables with few. With LARGE, and notices: every table that refers to a run. */
const SMALL = ['finding_count', 'plan_count', 'plan_hold', 'plan', 'run_event'] as const;

/** Removes up to `limit` rows of a run from each of its large tables. @returns false once they hold none. */
export async function removeRunRows(tx: Tx, run: OldRun, limit: number): Promise<boolean> {
  let more = false;
  for (const [table, number] of LARGE) {
    const rows = await tx.query<{ removed: number }>(
      `with portion as (select ${number} from ${table} where tenant_id = $1 and run_id = $2 order by ${number} limit $3),
            gone as (delete from ${table} where tenant_id = $1 and run_id = $2 and ${number} in (select ${number} from portion) returning 1)
       select count(*)::integer as removed from gone`,
      [run.tenantId, run.runId, limit],
    );
    more ||= (rows[0]?.removed ?? 0) >= limit;
  }
  return more;
}

/** Removes a run whose large tables are empty; and its upload, once that was erased and no other run was made from it. */
export async function removeRun(tx: Tx, run: OldRun): Promise<void> {
  const ids = [run.tenantId, run.runId];
  for (const table of SMALL) await tx.query(`delete from ${table} where tenant_id = $1 and run_id = $2`, ids);
  // What somebody was told of it stays, and so do the deliveries of it.
  await tx.query('update notice set run_id = null where tenant_id = $1 and run_id = $2', ids);
  const removed = await tx.query<{ upload_id: string | null }>(
    'delete from run where tenant_id = $1 and id = $2 returning upload_id',
    ids,
  );
  const uploadId = removed[0]?.upload_id ?? null;
  if (uploadId === null) return;
  await tx.query(
    `delete from upload u where u.tenant_id = $1 and u.id = $2 and u.state = 'erased'
        and not exists (select from run r where r.tenant_id = u.tenant_id and r.upload_id = u.id)`,
    [run.tenantId, uploadId],
  );
}

/**
 * Partitions of plan items and findings whose month ended longer ago than that and in which no run is that must stay: dropped whole,
 * they cost nothing. Names such as `plan_item_2026_09`.
 */
export async function findRemovablePartitions(tx: Tx, retentionDays: number): Promise<string[]> {
  const rows = await tx.query<{ name: string }>(
    `with part as (
       select c.relname as name, to_date(right(c.relname, 7), 'YYYY_MM') as month
         from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent in ('bulk.plan_item'::regclass, 'bulk.finding'::regclass) and c.relname ~ '_\\d{4}_\\d{2}$')
     select part.name from part
      where part.month + interval '1 month' < now() - make_interval(days => $1)
        and not exists (
          select ${FROM}
           where r.id >= month_floor_uuid(part.month) and r.id < month_floor_uuid((part.month + interval '1 month')::date)
             and not (${REMOVABLE}))
      order by part.name`,
    [retentionDays, FINAL_STATES],
  );
  return rows.map(({ name }) => name);
}

/**
 * Drops a partition. Waits for its lock a moment only, since everybody who comes later would wait behind it.
 * @returns false when somebody was at work; the rows then go in portions.
 */
export async function dropPartition(tx: Tx, name: string): Promise<boolean> {
  await tx.query(`set local lock_timeout = '2s'`);
  await tx.query('savepoint drop_partition');
  try {
    await tx.query(`drop table bulk."${name.replaceAll('"', '""')}"`);
    return true;
  } catch (error) {
    await tx.query('rollback to savepoint drop_partition');
    if (error instanceof Error && 'code' in error && error.code === '55P03') return false;
    throw error;
  }
}
