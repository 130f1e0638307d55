import { nextRunState, statesAccepting, type RunEvent } from '#core/run/run-state.ts';
import { must } from '#lib/assert.ts';

import type { Tx } from '../database.ts';
import { appendRunEvent } from './run-event.ts';

/** What asked for a run (run.trigger). */
export type RunTrigger = 'start' | 'plan' | 'upload' | 'cron' | 'folder' | 'retry' | 'catchUp';

/**
 * Inserts a run in the state queued. The caller holds the lock of the profile row and has replaced the runs that wait
 * (replaceWaitingRuns): there is at most one queued run per profile.
 */
export async function insertQueuedRun(
  tx: Tx,
  run: {
    id: string;
    profileId: string;
    uploadId: string;
    requestedBy: string;
    trigger: RunTrigger;
    newId: () => string;
  },
): Promise<void> {
  await tx.query(
    `insert into run (tenant_id, id, profile_id, upload_id, state, requested_by, trigger, created_at)
     values (current_tenant(), $1, $2, $3, 'queued', $4, $5, clock_timestamp())`,
    [run.id, run.profileId, run.uploadId, run.requestedBy, run.trigger],
  );
  await appendRunEvent(tx, {
    runId: run.id,
    id: run.newId(),
    event: 'requested',
    state: 'queued',
    actor: run.requestedBy,
    detail: { trigger: run.trigger },
  });
}

/**
 * The schedule of the profile is another one, or the profile is: runs that wait for a time are judged anew by their next claim.
 * Broken runs keep the distance of their attempts, unless it was the schedule that put them off.
 * @returns the runs to wake after the commit.
 */
export async function releaseScheduledWaits(tx: Tx, profileId: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `update run r set next_attempt_at = null, message = case when state = 'queued' then null else message end
      where profile_id = $1 and state in ('queued', 'broken') and next_attempt_at is not null
        and (state = 'queued' or 'waits' = (select event from run_event e
               where e.tenant_id = r.tenant_id and e.run_id = r.id order by at desc, id desc limit 1))
     returning id`,
    [profileId],
  );
  return rows.map((row) => row.id);
}

/** Who does something to the runs of a profile. `newId` makes the ids of the event rows. */
export interface RunActor {
  readonly profileId: string;
  readonly actor: string;
  readonly newId: () => string;
}

/**
 * A newer start takes the place of whatever waits: the queued run, a held one (a corrected upload replaces it), a
 * suspended or a broken one. Executing runs are left alone. `exceptRunId`: the newer run itself; only older runs are
 * replaced then. For the claim of a run that was queued behind another, too.
 */
export async function replaceWaitingRuns(
  tx: Tx,
  by: RunActor,
  exceptRunId: string | null = null,
): Promise<void> {
  const rows = await tx.query<{ id: string; state: string }>(
    `select id, state from run where profile_id = $1 and state = any($2)
      and ($3::uuid is null or (id <> $3 and created_at <= (select created_at from run where id = $3)))
      for no key update`,
    [by.profileId, statesAccepting('replaced'), exceptRunId],
  );
  await moveRuns(tx, by, rows, 'replaced');
}

/** The profile was paused: what is queued, or waits for its next attempt, is suspended. */
export async function suspendWaitingRuns(tx: Tx, by: RunActor): Promise<void> {
  const rows = await tx.query<{ id: string; state: string }>(
    `select id, state from run where profile_id = $1 and state in ('queued', 'broken') for no key update`,
    [by.profileId],
  );

  await moveRuns(tx, by, rows, 'paused');
}

/**
 * The profile was reset or deleted. What waits is cancelled, and so is a run whose worker has lost its lease; an executing
 * one is asked to stop and cancels itself between two batches. Returns the number of runs that still execute.
 */
export async function cancelRuns(tx: Tx, by: RunActor): Promise<number> {
  const waiting = await tx.query<{ id: string; state: string }>(
    `select id, state from run where profile_id = $1 and state = any($2)
      and (state not in ('staging', 'planning', 'applying') or coalesce(lease_expires_at <= now(), true))
      for no key update`,
    [by.profileId, statesAccepting('cancel')],
  );
  await moveRuns(tx, by, waiting, 'cancel');
  const executing = await tx.query(
    `update run set cancel_requested = true where profile_id = $1 and state in ('staging', 'planning', 'applying')
     returning 1`,
    [by.profileId],
  );
  return executing.length;
}

/** Takes one step in runs that are locked. Raises the epoch, so that a worker that thinks it has the lease writes nothing. */
async function moveRuns(
  tx: Tx,
  by: RunActor,
  runs: readonly { id: string; state: string }[],
  event: RunEvent,
): Promise<void> {
  for (const run of runs) {
    const rows = await tx.query<{ state: string }>(
      `update run set state = $3, epoch = epoch + 1, lease_owner = null, lease_expires_at = null, next_attempt_at = null,
              message = case when state = 'queued' then null else message end,
              finished_at = case when $3 in ('superseded', 'cancelled') then now() else finished_at end
        where id = $1 and state = $2 returning state`,
      [run.id, run.state, stateAfter(run.state, event)],
    );
    const state = must(rows[0], 'a locked run changed').state;
    await appendRunEvent(tx, { runId: run.id, id: by.newId(), event, state, actor: by.actor });
  }
}

function stateAfter(state: string, event: RunEvent): string {
  return nextRunState(state as Parameters<typeof nextRunState>[0], event);
}
