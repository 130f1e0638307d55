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
  await tx.query(
    `insert into snapshot_state as s (tenant_id, source_system_id, generation) values (current_tenant(), $1, 1)
     on conflict (tenant_id, source_system_id) do update set generation = s.generation + 1`,
    [batch.sourceSystemId],
  );
  return must(rows[0]).change_seq;
}

/** The generation of the records of a source system: a snapshot of another one is stale. */
export async function readGeneration(tx: Tx, sourceSystemId: string): Promise<number> {
  const rows = await tx.query<{ generation: number }>(
    'select generation::float8 as generation from snapshot_state where source_system_id = $1',
    [sourceSystemId],
  );
  return rows[0]?.generation ?? 0;
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
