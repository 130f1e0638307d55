import { OperationalError } from '#lib/errors.ts';

import type { Tx } from '../database.ts';

/** This worker's lease is over: another one has the run, or it was paused or cancelled. Nothing was written. */
export class LeaseLostError extends OperationalError {
  override readonly name = 'LeaseLostError';
  constructor(runId: string) {
    super('LeaseLost', `run ${runId} belongs to another worker now`);
  }
}

/** Renews the lease. Throws LeaseLostError when the epoch moved on. */
export async function renewLease(
  tx: Tx,
  lease: { runId: string; epoch: number; leaseSeconds: number },
): Promise<void> {
  const rows = await tx.query(
    `update run set lease_expires_at = now() + make_interval(secs => $3) where id = $1 and epoch = $2
     and state in ('staging', 'planning', 'applying') returning 1`,
    [lease.runId, lease.epoch, lease.leaseSeconds],
  );
  if (rows.length === 0) throw new LeaseLostError(lease.runId);
}

/**
 * Stores the progress of a run, for people. Says nothing when the lease is gone: the next batch will. After a crash another worker
 * begins its stage anew; the percentage waits where it was, until an attempt or a pass of apply begins, or somebody lets the run go on.
 */
export async function saveProgress(tx: Tx, runId: string, epoch: number, progress: unknown): Promise<void> {
  await tx.query(
    `update run set progress = $3::jsonb || jsonb_build_object('attempt', attempt, 'pass', apply_pass, 'storedAt', now())
            || case when progress ->> 'attempt' = attempt::text and progress ->> 'pass' = apply_pass::text
                     and (progress ->> 'storedAt')::timestamptz > coalesce(accepted_at, '-infinity')
                     and (progress ->> 'percent')::float8 > ($3::jsonb ->> 'percent')::float8
                    then jsonb_build_object('percent', progress -> 'percent') else '{}' end
      where id = $1 and epoch = $2`,
    [runId, epoch, JSON.stringify(progress)],
  );
}

/** What the runner looks at between batches: an administrator may have paused, reset or deleted the profile. */
export async function readInterruption(
  tx: Tx,
  runId: string,
  epoch: number,
): Promise<'none' | 'paused' | 'cancel' | 'lost'> {
  const rows = await tx.query<{ epoch: number; paused: boolean; gone: boolean; cancel: boolean }>(
    `select r.epoch, p.paused_at is not null and not r.plan_only as paused, p.state in ('deleting', 'deleted') as gone,
            r.cancel_requested as cancel
       from run r join profile p on p.tenant_id = r.tenant_id and p.id = r.profile_id where r.id = $1`,
    [runId],
  );
  const row = rows[0];
  if (row === undefined || row.epoch !== epoch) return 'lost';
  if (row.gone || row.cancel) return 'cancel';
  return row.paused ? 'paused' : 'none';
}

/**
 * A worker is told to stop, and goes on to the next safe point: the lease stays its own, without its name. If it is ended before it gets there, since
 * a plan takes longer than whoever stops it waits, it has not died over the run.
 */
export async function signOffLease(tx: Tx, runId: string, epoch: number): Promise<void> {
  await tx.query(
    `update run set lease_owner = null where id = $1 and epoch = $2 and state in ('staging', 'planning', 'applying')`,
    [runId, epoch],
  );
}

/** Gives the lease back at a shutdown: whoever starts next goes on at once. */
export async function releaseLease(tx: Tx, runId: string, epoch: number): Promise<void> {
  await tx.query('update run set lease_owner = null, lease_expires_at = null where id = $1 and epoch = $2', [
    runId,
    epoch,
  ]);
}
