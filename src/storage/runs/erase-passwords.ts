/** Initial passwords of plans that are over. They were handed on to the accounts; the history has no use for them. As owner. */
import { isFinal, RUN_STATES } from '#core/run/run-state.ts';
import { ITEM_BAND, KINDS } from '#core/roster/kinds.ts';

import type { Tx } from '../database.ts';
import type { OldRun } from './remove-old-runs.ts';

const FINAL_STATES = RUN_STATES.filter(isFinal);
/** People alone have passwords, and items are numbered by kind: the primary key leads to theirs. */
const FIRST = KINDS.indexOf('student') * ITEM_BAND;
const LAST = (KINDS.indexOf('teacher') + 1) * ITEM_BAND;

/**
 * Runs that ended more than a day ago and whose passwords are still there, as far as is known. `counts.secretsErased` remembers
 * those that are done, so that no plan is read twice. A run that ended without counts has no such place, and hardly ever items: it may have been stopped right
 * behind its stage, so it is looked into each time.
 */
export async function findRunsWithPasswords(tx: Tx, limit: number): Promise<OldRun[]> {
  return tx.query<OldRun>(
    `select tenant_id as "tenantId", id as "runId" from run r
      where state = any($1) and coalesce(finished_at, created_at) < now() - interval '1 day'
        and case when counts is null then exists (
              select from bulk.plan_item i where i.tenant_id = r.tenant_id and i.run_id = r.id and i.item_no > $3 and i.item_no <= $4
                 and i.secret is not null)
            else not counts ? 'secretsErased' end
      order by counts is null, created_at limit $2`,
    [FINAL_STATES, limit, FIRST, LAST],
  );
}

/** Erases the next `limit` passwords of a run behind that item. @returns the last item; null when that was all, and remembered. */
export async function erasePasswords(
  tx: Tx,
  run: OldRun,
  portion: { readonly afterItemNo: number; readonly limit: number },
): Promise<number | null> {
  const rows = await tx.query<{ last: number | null; erased: number }>(
    `with portion as (
       select item_no from bulk.plan_item
        where tenant_id = $1 and run_id = $2 and item_no > $3 and item_no <= $4 and secret is not null
        order by item_no limit $5),
     erased as (
       update bulk.plan_item set secret = null
        where tenant_id = $1 and run_id = $2 and item_no in (select item_no from portion) returning item_no)
     select max(item_no) as last, count(*)::integer as erased from erased`,
    [run.tenantId, run.runId, Math.max(FIRST, portion.afterItemNo), LAST, portion.limit],
  );
  const last = rows[0]?.last ?? null;
  if (last !== null && (rows[0]?.erased ?? 0) >= portion.limit) return last;
  await tx.query(
    `update run set counts = counts || '{"secretsErased": true}' where tenant_id = $1 and id = $2 and counts is not null`,
    [run.tenantId, run.runId],
  );
  return null;
}
