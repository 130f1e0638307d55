import { cancelledMessage } from '#core/run/cancelled-message.ts';
import type { RunState } from '#core/run/run-state.ts';
import { must } from '#lib/assert.ts';

import type { Tx } from '../database.ts';
import { closeNotices } from '../notices/raise-notice.ts';
import { restoreRecordErrors, WENT_IN } from './restore-record-errors.ts';
import { appendRunEvent } from './run-event.ts';

/** A run that somebody wants to cancel; its profile row and its own are locked. */
export interface RunToCancel {
  readonly id: string;
  readonly profileId: string;
  readonly state: RunState;
  readonly finishedAt: Date | null;
  readonly cancelRequested: boolean;
  /** A worker holds it: it stops between two batches. */
  readonly leaseValid: boolean;
}

/** Locks the profile, then the run, as every command and the end of a run do: either the cancel is first or the end is. */
export async function lockRunToCancel(tx: Tx, runId: string): Promise<RunToCancel | null> {
  await tx.query(
    'select 1 from profile where id = (select profile_id from run where id = $1) for no key update',
    [runId],
  );
  const rows = await tx.query<RunToCancel>(
    `select id, profile_id as "profileId", state, finished_at as "finishedAt", cancel_requested as "cancelRequested",
            state in ('staging', 'planning', 'applying') and coalesce(lease_expires_at > now(), false) as "leaseValid"
       from run where id = $1 for no key update`,
    [runId],
  );
  return rows[0] ?? null;
}

/** Asks the worker that executes the run to stop. From the commit on it can no longer complete, pause or break: only be cancelled. */
export async function requestCancel(
  tx: Tx,
  request: { runId: string; state: string; actor: string; eventId: string; detail?: unknown },
): Promise<void> {
  await tx.query('update run set cancel_requested = true where id = $1', [request.runId]);
  await appendRunEvent(tx, { ...request, id: request.eventId, event: 'cancelRequested' });
}

interface Extent {
  profile_id: string;
  who: string;
  touched: boolean;
  done: number;
  total: number;
  errors_are_of_no_run: boolean;
  nothing_waits: boolean;
}

/**
 * Writes into a run that has just been cancelled who did it and how far it was. Where nothing of it is in the directory, what was let in
 * before is what is let in, and the open errors of the profile are again those of the run before. The notice that a run waits is closed once
 * none does: else the same reason would be told to nobody tomorrow. In the transaction of the cancellation, behind its event; the row of the profile is locked.
 */
export async function settleCancelled(tx: Tx, runId: string): Promise<void> {
  const extent = must((await tx.query<Extent>(EXTENT, [runId]))[0], 'a cancelled run has no event');
  await tx.query('update run set message = $2, error_code = null, next_attempt_at = null where id = $1', [
    runId,
    cancelledMessage(extent),
  ]);
  if (extent.nothing_waits) await closeNotices(tx, extent.profile_id, { event: 'held' });
  if (extent.touched) return;
  await tx.query(
    `update profile p set accepted_run_id = l.base_run_id
       from plan l where l.run_id = $1 and p.tenant_id = l.tenant_id and p.accepted_run_id = l.run_id`,
    [runId],
  );
  if (extent.errors_are_of_no_run) await restoreRecordErrors(tx, extent.profile_id);
}

/** An item that is held has the pass it was released for; all others belong to the first. Errors of a run of which nothing went in stand there since it waited. */
const EXTENT = `
  select r.profile_id, who.name as who, r.applied_item_no > 0 or r.apply_pass > 1 as touched,
         case when r.applied_item_no = 0 and r.apply_pass = 1 then 0 else
           (select count(*)::integer from plan_item i
              left join plan_item_hold h on h.run_id = i.run_id and h.item_no = i.item_no
              left join plan_item_failure f on f.run_id = i.run_id and f.item_no = i.item_no
             where i.run_id = r.id and f.item_no is null and coalesce(h.pass, 1) > 0
               and (coalesce(h.pass, 1) < r.apply_pass
                 or (coalesce(h.pass, 1) = r.apply_pass and i.item_no <= r.applied_item_no))) end as done,
         coalesce((select l.item_count from plan l where l.run_id = r.id), 0) as total,
         exists (select from record_error e join run x on x.tenant_id = e.tenant_id and x.id = e.run_id
                  where e.profile_id = r.profile_id
                    and (x.id = r.id or x.state in ('cancelled', 'superseded') and not ${WENT_IN('x')})) as errors_are_of_no_run,
         not r.plan_only and not exists (
           select from run w where w.profile_id = r.profile_id and w.state = 'held' and not w.plan_only) as nothing_waits
    from run r cross join lateral
         (select coalesce(a.display_name, e.actor) as name
            from run_event e left join application a on a.id::text = e.actor
           where e.run_id = r.id and e.event in ('cancelRequested', 'cancel')
           order by e.event <> 'cancelRequested', e.at, e.id limit 1) who
   where r.id = $1`;
