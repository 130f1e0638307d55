import type { Tx } from '../database.ts';
import { ACCEPTED_UPLOAD, NOTHING_UNDER_WAY } from '../escrow/queue-retry.ts';
import { MAY_RUN_ON_ITS_OWN } from '../profiles/may-run-on-its-own.ts';
import { CREATED_AT } from '../runs/enqueue-run.ts';
import { appendRunEvent } from '../runs/run-event.ts';

/** Of `profile p`: endings that an adds-only window put off and that no run has made since. Uses plan_hold_put_off. */
export const ENDINGS_PUT_OFF = `exists (
  select from plan_hold h join run d on d.tenant_id = h.tenant_id and d.id = h.run_id
   where d.tenant_id = p.tenant_id and d.profile_id = p.id and d.state = 'completed' and h.scope = 'addsOnly' and h.decision is null)`;

/**
 * The window is over: queues a run on the files that were let in last, which makes the endings that were put off. Not while anything of
 * the profile is under way: a newer upload makes them, too. The caller holds the lock of the profile row.
 * @returns whether it was queued.
 */
export async function queueCatchUp(
  tx: Tx,
  catchUp: {
    readonly profileId: string;
    readonly runId: string;
    readonly actor: string;
    readonly newId: () => string;
  },
): Promise<boolean> {
  const rows = await tx.query(
    `insert into run (tenant_id, id, profile_id, upload_id, state, requested_by, trigger, tolerance_waived, confirmed_files, created_at)
     select p.tenant_id, $2, p.id, a.upload_id, 'queued', $3, 'catchUp', true, a.confirmed_files, ${CREATED_AT}
       from profile p join tenant t on t.id = p.tenant_id join ${ACCEPTED_UPLOAD}
      where p.id = $1 and ${ENDINGS_PUT_OFF} and ${MAY_RUN_ON_ITS_OWN} and ${NOTHING_UNDER_WAY}
     returning 1`,
    [catchUp.profileId, catchUp.runId, catchUp.actor],
  );
  if (rows.length === 0) return false;
  await tx.query(
    `update plan_hold h set decision = 'approved', decided_by = $2, decided_at = now()
       from run d where d.id = h.run_id and d.profile_id = $1 and h.scope = 'addsOnly' and h.decision is null`,
    [catchUp.profileId, catchUp.actor],
  );
  await appendRunEvent(tx, {
    runId: catchUp.runId,
    id: catchUp.newId(),
    event: 'requested',
    state: 'queued',
    actor: catchUp.actor,
    detail: { trigger: 'catchUp' },
  });
  return true;
}
