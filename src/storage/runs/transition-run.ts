import type { RunEvent, RunState } from '#core/run/run-state.ts';
import { nextRunState } from '#core/run/run-state.ts';

import type { Tx } from '../database.ts';
import { LeaseLostError } from './lease-run.ts';
import { appendRunEvent } from './run-event.ts';

/** Columns that a transition may set along with the state. */
export interface RunChanges {
  readonly message?: string | null;
  readonly errorCode?: string | null;
  readonly counts?: unknown;
  readonly certificate?: unknown;
  /** Milliseconds per step, added to those in counts. */
  readonly timings?: Readonly<Record<string, number>>;
  /** Leaves the worker's hands: lease given back. */
  readonly release?: boolean;
  readonly finished?: boolean;
  readonly staged?: boolean;
  readonly planned?: boolean;
  /** Seconds from the database's now until the next attempt; raises the attempt. */
  readonly retryInSeconds?: number;
}

const COUNTS = '(case when $9 then $10::jsonb else counts end)';

/**
 * A guarded transition by the worker that holds the lease: one row, in the expected state and epoch, or LeaseLostError; and its event
 * row, in the same transaction.
 */
export async function transitionRun(
  tx: Tx,
  input: {
    readonly runId: string;
    readonly epoch: number;
    readonly from: RunState;
    readonly event: RunEvent;
    readonly actor: string;
    readonly eventId: string;
    readonly detail?: unknown;
    readonly changes?: RunChanges;
  },
): Promise<RunState> {
  const next = nextRunState(input.from, input.event);
  if (next === 'refused') throw new LeaseLostError(input.runId);
  const changes = input.changes ?? {};
  const rows = await tx.query(
    `update run set state = $4,
            message = case when $5 then $6 else message end,
            error_code = case when $7 then $8 else error_code end,
            counts = case when $16::jsonb is null then ${COUNTS}
              else jsonb_set(coalesce(${COUNTS}, '{}'), '{timings}', coalesce(${COUNTS} -> 'timings', '{}') || $16) end,
            lease_owner = case when $11 then null else lease_owner end,
            lease_expires_at = case when $11 then null else lease_expires_at end,
            finished_at = case when $12 then now() else finished_at end,
            staged_at = case when $13 then now() else staged_at end,
            planned_at = case when $14 then now() else planned_at end,
            attempt = case when $15::float8 is null then attempt else attempt + 1 end,
            certificate = coalesce($17::jsonb, certificate),
            next_attempt_at = case when $15::float8 is null then next_attempt_at else now() + make_interval(secs => $15) end
      where id = $1 and epoch = $2 and state = $3 and (not cancel_requested or $4 = 'cancelled') returning 1`,
    [
      input.runId,
      input.epoch,
      input.from,
      next,
      'message' in changes,
      changes.message ?? null,
      'errorCode' in changes,
      changes.errorCode ?? null,
      'counts' in changes,
      changes.counts === undefined ? null : JSON.stringify(changes.counts),
      changes.release ?? false,
      changes.finished ?? false,
      changes.staged ?? false,
      changes.planned ?? false,
      changes.retryInSeconds ?? null,
      changes.timings === undefined ? null : JSON.stringify(changes.timings),
      changes.certificate === undefined ? null : JSON.stringify(changes.certificate),
    ],
  );
  if (rows.length === 0) throw new LeaseLostError(input.runId);
  await appendRunEvent(tx, {
    runId: input.runId,
    id: input.eventId,
    event: input.event,
    state: next,
    actor: input.actor,
    ...(input.detail === undefined ? {} : { detail: input.detail }),
  });
  return next;
}
