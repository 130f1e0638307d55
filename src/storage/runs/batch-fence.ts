import { must } from '#lib/assert.ts';

import type { Tx } from '../database.ts';
import { LeaseLostError } from './lease-run.ts';

/**
 * Opens a batch transaction. Lock order: the run row, then the tenant's counter, then directory rows. The counter is
 * taken before the rows are written, not after, so that no row is written twice; it stays locked until commit, so commit order is seq order.
 * Throws LeaseLostError, and nothing is written, when the epoch moved on, or the profile was paused or is going.
 * @returns the change_seq of this batch.
 */
export async function openBatch(
  tx: Tx,
  batch: { runId: string; epoch: number; sourceSystemId: string; lastItemNo: number },
): Promise<number> {
  const fenced = await tx.query(
    `update run set applied_item_no = greatest(applied_item_no, $3)
      where id = $1 and epoch = $2 and state = 'applying' and not cancel_requested returning 1`,
    [batch.runId, batch.epoch, batch.lastItemNo],
  );
  if (fenced.length === 0) throw new LeaseLostError(batch.runId);
  const rows = await tx.query<{ change_seq: number }>(
    'update tenant_counter set change_seq = change_seq + 1 returning change_seq::float8 as change_seq',
  );
  await changeGeneration(tx, batch.sourceSystemId);
  return must(rows[0]).change_seq;
}

/**
 * Makes every snapshot file of the source system stale. Generations are drawn by lot, from 53 bits, and not counted: a database
 * that was put back to an earlier day never comes to a number that a file of another history has.
 */
export async function changeGeneration(tx: Tx, sourceSystemId: string): Promise<void> {
  await tx.query(
    `insert into snapshot_state (tenant_id, source_system_id, generation)
     values (current_tenant(), $1, 1 + floor(random() * 9007199254740990)::bigint)
     on conflict (tenant_id, source_system_id) do update set generation = excluded.generation`,
    [sourceSystemId],
  );
}

/**
 * The generation that the records of a source system are at, for the worker that has applied them all: a snapshot of another one is
 * stale. Throws LeaseLostError when the run is another worker's now, or was cancelled: a reset makes all snapshots stale.
 */
export async function readAppliedGeneration(
  tx: Tx,
  run: { runId: string; epoch: number; sourceSystemId: string },
): Promise<number> {
  const rows = await tx.query<{ generation: number }>(
    `select coalesce(s.generation, 0)::float8 as generation
       from run r left join snapshot_state s on s.source_system_id = $3
      where r.id = $1 and r.epoch = $2 and r.state = 'applying' and not r.cancel_requested`,
    [run.runId, run.epoch, run.sourceSystemId],
  );
  const row = rows[0];
  if (row === undefined) throw new LeaseLostError(run.runId);
  return row.generation;
}

/** An item that the database refused: it stands in plan_item_failure, the rest of its batch goes on. */
export async function recordItemFailure(
  tx: Tx,
  failure: { runId: string; itemNo: number; code: string; message: string },
): Promise<void> {
  await tx.query(
    `insert into plan_item_failure (tenant_id, run_id, item_no, code, message)
     values (current_tenant(), $1, $2, $3, $4) on conflict do nothing`,
    [failure.runId, failure.itemNo, failure.code, failure.message],
  );
}
