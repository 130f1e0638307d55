import type { RunState } from '#core/run/run-state.ts';
import { afterDeath, readWorkerDeaths, WORKER_DIED, type WorkerDeaths } from '#core/run/worker-deaths.ts';

import type { Tx } from '../database.ts';

/** A run as it was before the claim, locked. */
interface RunToClaim {
  readonly id: string;
  readonly state: RunState;
  readonly epoch: number;
  readonly apply_pass: number;
  readonly applied_item_no: number;
  readonly error_code: string | null;
  readonly lease_owner: string | null;
}

/**
 * The workers that died over a run one after the other, now that `worker` claims it; null: none. A worker that takes its own run over
 * lives: it, or the database, did not answer for a while. The attempt after the run was left alone for its dead workers goes on with
 * their number: one more is enough then.
 */
export async function countWorkerDeaths(
  tx: Tx,
  run: RunToClaim,
  worker: string,
): Promise<WorkerDeaths | null> {
  const died = run.lease_owner !== null && run.lease_owner !== worker;
  if (!died && !(run.state === 'broken' && run.error_code === WORKER_DIED)) return null;
  const rows = await tx.query<{ at: Date; deaths: unknown }>(
    `select at, detail -> 'deaths' as deaths from run_event
      where run_id = $1 and event = 'claimed' and detail ->> 'epoch' = $2::text`,
    [run.id, run.epoch],
  );
  const claim = rows[0];
  if (claim === undefined) return null;
  const before = readWorkerDeaths(claim.deaths);
  if (!died) return before;
  const at = { state: run.state, pass: run.apply_pass, itemNo: run.applied_item_no };
  return afterDeath(before, { claimedAt: claim.at, at });
}
