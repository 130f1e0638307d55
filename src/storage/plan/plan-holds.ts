import type { VerdictReason } from '#core/plan/verdict-reason.ts';

import type { Tx } from '../database.ts';
import { joinByHash, joinFreely } from './join-by-hash.ts';
import { WAITS_FOR_HELD } from './waits-for-held.ts';

export type HoldScope = 'school' | 'absence' | 'addsOnly';
export type Decision = 'approved' | 'rejected';

/** A part of a plan that was set aside (plan_hold). */
export interface PlanHold {
  readonly scope: HoldScope;
  /** school: source id; absence: file; addsOnly: empty. */
  readonly id: string;
  readonly reasons: readonly VerdictReason[];
  readonly itemCount: number;
  readonly decision: Decision | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly note: string | null;
}

/** The parts of a plan that were set aside, decided or not. */
export async function readHolds(tx: Tx, runId: string): Promise<PlanHold[]> {
  return tx.query<PlanHold & object>(
    `select scope, scope_id as id, reasons, item_count as "itemCount", decision, decided_by as "decidedBy",
            decided_at as "decidedAt", note
       from plan_hold where run_id = $1 order by scope desc, scope_id`,
    [runId],
  );
}

/** Waits for somebody: an adds-only window ends by itself. */
export function isOpen(hold: PlanHold): boolean {
  return hold.decision === null && hold.scope !== 'addsOnly';
}

/**
 * Decides on open parts of a plan: those of the schools named, or all of them. What is approved is released for the next pass of
 * apply, which the caller queues. @returns how many parts were decided.
 */
export async function decideHolds(
  tx: Tx,
  runId: string,
  by: {
    readonly decision: Decision;
    readonly schools: readonly string[] | null;
    readonly actor: string;
    readonly note: string | null;
  },
): Promise<number> {
  const decided = await tx.query<{ scope: string; scope_id: string }>(
    `update plan_hold set decision = $2, decided_by = $4, decided_at = now(), note = $5
      where run_id = $1 and decision is null and scope <> 'addsOnly'
        and ($3::text[] is null or (scope = 'school' and scope_id = any($3)))
      returning scope, scope_id`,
    [runId, by.decision, by.schools, by.actor, by.note],
  );
  if (by.decision === 'approved' && decided.length > 0) {
    await tx.query(
      `update plan_item_hold h set pass = (select apply_pass + 1 from run where id = $1)
         from jsonb_to_recordset($2) as d(scope text, scope_id text)
        where h.run_id = $1 and h.pass = 0 and h.scope = d.scope and h.scope_id = d.scope_id`,
      [runId, JSON.stringify(decided)],
    );
    await keepWaiting(tx, runId);
  }
  return decided.length;
}

/** What was released just now and needs what still waits in another school, or was rejected there, stays with that school. */
async function keepWaiting(tx: Tx, runId: string): Promise<void> {
  await joinByHash(tx);
  const [run] = await tx.query<{ source_system_id: string; pass: number }>(
    `select p.source_system_id, r.apply_pass + 1 as pass
       from run r join profile p on p.tenant_id = r.tenant_id and p.id = r.profile_id where r.id = $1`,
    [runId],
  );
  for (const waiting of WAITS_FOR_HELD)
    await tx.query(
      `update plan_item_hold t set pass = 0, scope = 'school', scope_id = n.scope_id
         from (${waiting}) n where t.run_id = $1 and t.item_no = n.item_no and t.pass = $3`,
      [runId, run?.source_system_id, run?.pass],
    );
  await tx.query(
    `update plan_hold p set item_count = n.items
       from (select scope, scope_id, count(*)::integer as items from plan_item_hold where run_id = $1 group by 1, 2) n
      where p.run_id = $1 and p.scope = n.scope and p.scope_id = n.scope_id and p.item_count <> n.items`,
    [runId],
  );
  await joinFreely(tx);
}

/** Counts anew how many items of each count are held: after items were set aside, and after some were released. */
export async function recountHeld(tx: Tx, runId: string): Promise<void> {
  await tx.query(
    `with held as materialized (
       select coalesce(i.school_id, '') as school_id, i.kind, case when i.reason = 'movedToSchool' then 'move' else i.action end as action,
              count(*)::integer as items
         from plan_item_hold h join plan_item i on i.run_id = h.run_id and i.item_no = h.item_no
         left join plan_item_failure f on f.run_id = h.run_id and f.item_no = h.item_no
        where h.run_id = $1 and h.pass = 0 and f.item_no is null group by 1, 2, 3)
     update plan_count c set held_count = coalesce((
       select n.items from held n where n.school_id = c.school_id and n.kind = c.kind and n.action = c.action), 0)
      where c.run_id = $1`,
    [runId],
  );
}
