import { ESCROW_DAYS } from '#core/run/escrow-ladder.ts';

import type { Tx } from '../database.ts';
import { joinByHash } from '../plan/join-by-hash.ts';
import { ESCROW_OUTLOOK } from './escrow-outlook.ts';

/**
 * A retry touches what is in escrow and was due when the run was made, and what waits for that; of the items that were
 * staged, all others are removed before they are planned, endings always. (An attempt that is repeated after a crash has the same due
 * records: the time is that of the run, not of the attempt.)
 * @returns how many items are left.
 */
export async function keepEscrowedItems(tx: Tx, runId: string): Promise<number> {
  await joinByHash(tx);
  await tx.query(
    `with recursive edge as materialized (
       select i.key, e.parent from plan_item i cross join lateral unnest(array[i.first_key, i.second_key, i.third_key]) as e(parent)
        where i.run_id = $1 and i.action <> 'end' and e.parent is not null),
     wanted(key) as (
       select e.key from escrow e join run r on r.profile_id = e.profile_id
        where r.id = $1 and e.next_attempt_at <= r.created_at
       union
       select edge.key from edge join wanted on edge.parent = wanted.key)
     delete from plan_item i
      where i.run_id = $1 and (i.action = 'end' or i.key not in (select key from wanted))`,
    [runId],
  );
  const rows = await tx.query<{ items: number }>(
    'select count(*)::integer as items from plan_item where run_id = $1',
    [runId],
  );
  return rows[0]?.items ?? 0;
}

/**
 * A retry could not read its files as the run before did: what was due is tried again a day later, as if it had failed.
 * @returns what was dropped instead, since its four weeks are over, by code.
 */
export async function postponeDueEscrow(
  tx: Tx,
  runId: string,
): Promise<readonly { readonly code: string; readonly records: number }[]> {
  return tx.query(
    `with postponed as (
       update escrow e set attempts = e.attempts + 1, last_at = now(),
              next_attempt_at = case when e.first_at + make_interval(days => $2) > now() then now() + interval '1 day' end,
              dropped_at = case when e.first_at + make_interval(days => $2) <= now() then now() end
         from run r where r.id = $1 and e.profile_id = r.profile_id and e.next_attempt_at <= r.created_at
       returning e.key, e.code, e.message, e.next_attempt_at, e.dropped_at, e.profile_id),
     told as (
       update record_error r set error_message = e.message || ${ESCROW_OUTLOOK}
         from postponed e where r.profile_id = e.profile_id and r.id = e.key returning 1)
     select code, count(*)::integer as records from postponed where dropped_at is not null group by code order by code`,
    [runId, ESCROW_DAYS],
  );
}
