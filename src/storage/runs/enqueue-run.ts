import { nextRunState, statesAccepting, type RunEvent } from '#core/run/run-state.ts';
import { must } from '#lib/assert.ts';

import type { Tx } from '../database.ts';
import { requestCancel, settleCancelled } from './cancel-run.ts';
import { appendRunEvent } from './run-event.ts';

/** What asked for a run (run.trigger). */
export type RunTrigger =
  'start' | 'plan' | 'upload' | 'cron' | 'folder' | 'retry' | 'catchUp' | 'expiration' | 'expirationUndo';

/** When a new run of `profile p` was made: after its last run and its last reset, whatever the clock says. */
export const CREATED_AT = `greatest(clock_timestamp(), p.reset_at + interval '1 microsecond',
  (select max(w.created_at) + interval '1 microsecond' from run w where w.tenant_id = p.tenant_id and w.profile_id = p.id))`;

/**
 * Inserts a run in the state queued. The caller holds the lock of the profile row and has replaced the runs that wait
 * (replaceWaitingRuns): there is at most one queued run per profile. `created_at` is the order of a profile's runs, so it is later than
 * that of every run before, and than the last reset, even when the clock was set back meanwhile.
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
    /** A preview. */
    planOnly?: boolean;
    /** Of the request that asks for it. */
    traceparent?: string | undefined;
  },
): Promise<void> {
  await tx.query(
    `insert into run (tenant_id, id, profile_id, upload_id, state, requested_by, plan_only, trigger, traceparent, created_at)
     select current_tenant(), $1, $2, $3, 'queued', $4, $5, $6, $7,
            ${CREATED_AT}
       from profile p where p.id = $2`,
    [
      run.id,
      run.profileId,
      run.uploadId,
      run.requestedBy,
      run.planOnly ?? false,
      run.trigger,
      run.traceparent ?? null,
    ],
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
 * suspended or a broken one. Executing runs are left alone, and so are previews that wait: they change nothing. `exceptRunId`: the newer
 * run itself; only older runs are replaced then. For the claim of a run that was queued behind another, too.
 * `previews`: the newer one is a preview, which takes the place of older previews and of nothing else.
 */
export async function replaceWaitingRuns(
  tx: Tx,
  by: RunActor,
  exceptRunId: string | null = null,
  previews = false,
): Promise<void> {
  const rows = await tx.query<{ id: string; state: string }>(
    `select id, state from run where profile_id = $1 and state = any($2)
      and case when $4 then plan_only else not plan_only or state <> 'held' end
      and ($3::uuid is null or (id <> $3 and created_at <= (select created_at from run where id = $3)))
      for no key update`,
    [by.profileId, statesAccepting('replaced'), exceptRunId, previews],
  );
  await moveRuns(tx, by, rows, 'replaced');
}

/** The profile was paused: what is queued, or waits for its next attempt, is suspended. */
export async function suspendWaitingRuns(tx: Tx, by: RunActor): Promise<void> {
  const rows = await tx.query<{ id: string; state: string }>(
    `select id, state from run where profile_id = $1 and state in ('queued', 'broken') and not plan_only for no key update`,
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
  const executing = await tx.query<{ id: string; state: string; cancel_requested: boolean }>(
    `select id, state, cancel_requested from run
      where profile_id = $1 and state in ('staging', 'planning', 'applying') for no key update`,
    [by.profileId],
  );
  for (const { id, state, cancel_requested: requested } of executing)
    if (!requested) await requestCancel(tx, { runId: id, state, actor: by.actor, eventId: by.newId() });
  return executing.length;
}

/**
 * The expiration date of the profile is another one: what was to follow the old one is cancelled, unless some of it is in the directory
 * already; that is brought to its end. @returns how many.
 */
export async function cancelExpirations(tx: Tx, by: RunActor): Promise<number> {
  const runs = await tx.query<{ id: string; state: string; executing: boolean; requested: boolean }>(
    `select id, state, state in ('staging', 'planning', 'applying') and coalesce(lease_expires_at > now(), false) as executing,
            cancel_requested as requested
       from run where profile_id = $1 and trigger = 'expiration' and state = any($2) and applied_item_no = 0 for no key update`,
    [by.profileId, statesAccepting('cancel')],
  );
  const detail = { note: 'The expiration date of the profile was changed.' };
  for (const { id, state, executing, requested } of runs) {
    if (!executing) await moveRuns(tx, by, [{ id, state }], 'cancel', detail);
    else if (!requested)
      await requestCancel(tx, { runId: id, state, actor: by.actor, eventId: by.newId(), detail });
  }
  return runs.length;
}

/** Cancels one run that nobody executes; its row is locked. */
export async function cancelWaitingRun(
  tx: Tx,
  by: RunActor,
  run: { readonly id: string; readonly state: string },
  detail: unknown,
): Promise<void> {
  await moveRuns(tx, by, [run], 'cancel', detail);
}

/** Takes one step in runs that are locked. Raises the epoch, so that a worker that thinks it has the lease writes nothing. */
async function moveRuns(
  tx: Tx,
  by: RunActor,
  runs: readonly { id: string; state: string }[],
  event: RunEvent,
  detail?: unknown,
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
    await appendRunEvent(tx, { runId: run.id, id: by.newId(), event, state, actor: by.actor, detail });
    if (event === 'cancel') await settleCancelled(tx, run.id);
  }
}

function stateAfter(state: string, event: RunEvent): string {
  return nextRunState(state as Parameters<typeof nextRunState>[0], event);
}

/** A plan was approved: whole plans of other runs that wait were made on what it changes, and are stale. Runs held before a plan go on waiting. */
export async function replaceStalePlans(tx: Tx, by: RunActor, approvedRunId: string): Promise<void> {
  const rows = await tx.query<{ id: string; state: string }>(
    `select id, state from run where profile_id = $1 and id <> $2 and state = 'held' and not plan_only
       and error_code in ('VerdictHeld', 'ApprovalNeeded') for no key update`,
    [by.profileId, approvedRunId],
  );
  await moveRuns(tx, by, rows, 'replaced');
}

/** A run goes on that waited: a preview that is queued makes room for it, since one run of a profile is queued at most. */
export async function replaceQueuedPreviews(tx: Tx, by: RunActor): Promise<void> {
  const rows = await tx.query<{ id: string; state: string }>(
    `select id, state from run where profile_id = $1 and state = 'queued' and plan_only for no key update`,
    [by.profileId],
  );
  await moveRuns(tx, by, rows, 'replaced');
}

/** The run that is queued for a profile; null: none is. */
export async function readQueuedRun(
  tx: Tx,
  profileId: string,
): Promise<{ id: string; planOnly: boolean } | null> {
  const rows = await tx.query<{ id: string; plan_only: boolean }>(
    `select id, plan_only from run where profile_id = $1 and state = 'queued'`,
    [profileId],
  );
  return rows[0] === undefined ? null : { id: rows[0].id, planOnly: rows[0].plan_only };
}
