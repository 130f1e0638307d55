import { ESCROW_DAYS, ESCROW_LADDER_HOURS } from '#core/run/escrow-ladder.ts';

import type { Tx } from '../database.ts';
import { joinByHash } from '../plan/join-by-hash.ts';

/** What is in escrow after a run, and what this run has dropped. */
export interface SettledEscrow {
  /** Records that stand for themselves: not roles, not enrollments. */
  readonly ownFailures: number;
  /** All records in escrow, and those that wait for them. */
  readonly allFailures: number;
  /** Records that this run tried for the last time, by code. */
  readonly dropped: readonly { readonly code: string; readonly records: number }[];
}

/**
 * Brings escrow in step with a run whose items are all applied or have failed, in the transaction that completes it. `retry`: the run
 * touched what was due when it was made, and nothing else is looked at. The caller holds the lock of the profile.
 * Items that were set aside as stale, or that somebody held back, were not tried: what is in escrow of them stays.
 */
export async function settleEscrow(
  tx: Tx,
  run: { readonly profileId: string; readonly runId: string; readonly retry: boolean },
): Promise<SettledEscrow> {
  if (!(await isConcerned(tx, run.profileId, run.runId)))
    return { ownFailures: 0, allFailures: 0, dropped: [] };
  await joinByHash(tx);
  await upsertFailures(tx, run.profileId, run.runId);
  await removeSettled(tx, run);
  await postponeStale(tx, run.profileId, run.runId);
  const [totals, dropped] = [
    await tx.query<{ own: number; all: number }>(
      `select count(*) filter (where kind not in ('role', 'enrollment'))::integer as own,
              (count(*) + coalesce(sum(dependants), 0))::integer as all
         from escrow where profile_id = $1`,
      [run.profileId],
    ),
    await tx.query<{ code: string; records: number }>(
      `select code, count(*)::integer as records from escrow where profile_id = $1 and dropped_at = now() group by code order by code`,
      [run.profileId],
    ),
  ];
  return { ownFailures: totals[0]?.own ?? 0, allFailures: totals[0]?.all ?? 0, dropped };
}

/** A run without a failure, of a profile without anything in escrow, need not have its items read again. */
async function isConcerned(tx: Tx, profileId: string, runId: string): Promise<boolean> {
  const rows = await tx.query<{ concerned: boolean }>(
    `select exists (select from plan_item_failure where run_id = $2)
         or exists (select from escrow where profile_id = $1) as concerned`,
    [profileId, runId],
  );
  return rows[0]?.concerned ?? false;
}

/** Times are those of core/run/escrow-ladder, by the clock of the database. */
async function upsertFailures(tx: Tx, profileId: string, runId: string): Promise<void> {
  await tx.query(
    `with failed as materialized (
       select distinct on (i.key) i.key, i.kind, i.source_id, i.school_id, i.file, i.line, f.code, f.message, f.joining_value
         from plan_item_failure f join plan_item i on i.run_id = f.run_id and i.item_no = f.item_no
        where f.run_id = $2 and f.because_of is null and f.code <> 'StaleItem'
          and f.item_no not in (select h.item_no from plan_item_hold h where h.run_id = $2 and h.pass = 0)
        order by i.key, i.item_no),
     waiting as (
       select coalesce(second.key, first.key, third.key) as key, count(*)::integer as items
         from plan_item_failure f join plan_item i on i.run_id = f.run_id and i.item_no = f.item_no
         left join failed first on first.key = i.first_key
         left join failed second on second.key = i.second_key
         left join failed third on third.key = i.third_key
        where f.run_id = $2 and f.because_of is not null
        group by 1)
     insert into escrow (tenant_id, profile_id, key, kind, source_id, school_id, code, message, joining_value, file, line,
                         dependants, next_attempt_at, last_run_id)
     select current_tenant(), $1, f.key, f.kind, f.source_id, f.school_id, f.code, f.message, f.joining_value, f.file, f.line,
            coalesce(w.items, 0), now() + make_interval(hours => ($3::integer[])[1]), $2
       from failed f left join waiting w on w.key = f.key
     on conflict (tenant_id, profile_id, key) do update
        set kind = excluded.kind, source_id = excluded.source_id, school_id = excluded.school_id, code = excluded.code,
            message = excluded.message, joining_value = excluded.joining_value, file = excluded.file, line = excluded.line,
            dependants = excluded.dependants, last_run_id = excluded.last_run_id, last_at = now(),
            -- A later pass of apply of the same run is no other attempt.
            attempts = escrow.attempts + case when escrow.last_run_id = excluded.last_run_id then 0 else 1 end,
            dropped_at = case when escrow.first_at + make_interval(days => $4) <= now() then coalesce(escrow.dropped_at, now())
                              else escrow.dropped_at end,
            next_attempt_at = case
              when escrow.dropped_at is not null or escrow.first_at + make_interval(days => $4) <= now() then null
              else least(escrow.first_at + make_interval(days => $4),
                         now() + make_interval(hours => ($3::integer[])[least(escrow.attempts + case when escrow.last_run_id = excluded.last_run_id then 0 else 1 end,
                                                                         cardinality($3::integer[]))]))
              end`,
    [profileId, runId, ESCROW_LADDER_HOURS, ESCROW_DAYS],
  );
}

/** Written, or not in the roster any more. */
async function removeSettled(
  tx: Tx,
  run: { readonly profileId: string; readonly runId: string; readonly retry: boolean },
): Promise<void> {
  await tx.query(
    `delete from escrow e
      where e.profile_id = $1 and e.last_run_id <> $2
        and (not $3 or e.next_attempt_at <= (select created_at from run where id = $2))
        and e.key not in (
          select i.key from plan_item i
           where i.run_id = $2
             and (i.item_no in (select item_no from plan_item_failure where run_id = $2 and code = 'StaleItem')
               or i.item_no in (select item_no from plan_item_hold where run_id = $2 and pass = 0)))`,
    [run.profileId, run.runId, run.retry],
  );
}

/** Set aside and not tried: another attempt soon, but not at once and over again. It does not count as one. */
async function postponeStale(tx: Tx, profileId: string, runId: string): Promise<void> {
  await tx.query(
    `update escrow e set next_attempt_at = now() + make_interval(hours => $3)
      where e.profile_id = $1 and e.next_attempt_at <= now() and e.last_run_id <> $2
        and e.key in (
          select i.key from plan_item i join plan_item_failure f on f.run_id = i.run_id and f.item_no = i.item_no
           where i.run_id = $2 and f.code = 'StaleItem')`,
    [profileId, runId, ESCROW_LADDER_HOURS[0] ?? 6],
  );
}
