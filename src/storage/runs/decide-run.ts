import { nextRunState, type RunState } from '#core/run/run-state.ts';
import { assert } from '#lib/assert.ts';
import { ConflictError } from '#lib/errors.ts';

import type { Tx } from '../database.ts';
import { BASE_MOVED } from '../plan/read-plan.ts';
import { appendRunEvent } from './run-event.ts';

/** A run with a plan, as a decision about it needs to know it. */
export interface PlannedRun {
  readonly id: string;
  readonly profileId: string;
  readonly state: RunState;
  readonly errorCode: string | null;
  readonly trigger: string;
  readonly planOnly: boolean;
  readonly acceptedBy: string | null;
  readonly acceptedAt: Date | null;
  /** Null: there is no plan. */
  readonly planHash: string | null;
  /** Another run was let into the directory since the plan was made, or more of one. */
  readonly stale: boolean;
  /** A newer sync of the profile is queued, or another run executes right now. */
  readonly otherUnderWay: boolean;
}

/** The profile of a run, without a lock: whoever decides locks the profile first. Null: no such run. */
export async function findProfileOfRun(tx: Tx, runId: string): Promise<string | null> {
  const rows = await tx.query<{ profile_id: string }>('select profile_id from run where id = $1', [runId]);
  return rows[0]?.profile_id ?? null;
}

/** The run, locked. The caller holds the lock of its profile. */
export async function lockPlannedRun(tx: Tx, runId: string): Promise<PlannedRun | null> {
  const rows = await tx.query<PlannedRun & object>(
    `select r.id, r.profile_id as "profileId", r.state, r.error_code as "errorCode", r.trigger, r.plan_only as "planOnly",
            r.accepted_by as "acceptedBy", r.accepted_at as "acceptedAt",
            l.plan_hash as "planHash", p.accepted_run_id is distinct from r.id and ${BASE_MOVED} as stale,
            exists (select from run o where o.profile_id = r.profile_id and o.id <> r.id
                     and (o.state in ('staging', 'planning', 'applying') or o.state = 'queued' and not o.plan_only)) as "otherUnderWay"
       from run r join profile p on p.tenant_id = r.tenant_id and p.id = r.profile_id left join plan l on l.run_id = r.id
      where r.id = $1 for no key update of r`,
    [runId],
  );
  return rows[0] ?? null;
}

/** The plan is turned down: nothing of it is applied, and the run is over. */
export async function rejectRun(
  tx: Tx,
  run: Pick<PlannedRun, 'id' | 'state'>,
  by: {
    readonly actor: string;
    readonly newId: () => string;
    readonly message: string;
    readonly note: string | null;
  },
): Promise<void> {
  const state = nextRunState(run.state, 'rejected');
  assert(state !== 'refused', `a run in the state ${run.state} cannot be rejected`);
  const rows = await tx.query(
    `update run set state = $3, message = $4, finished_at = now() where id = $1 and state = $2 returning 1`,
    [run.id, run.state, state, by.message],
  );
  if (rows.length === 0) throw new ConflictError('The run changed in the meantime. Read it and try again.');
  await appendRunEvent(tx, {
    runId: run.id,
    id: by.newId(),
    event: 'rejected',
    state,
    actor: by.actor,
    ...(by.note === null ? {} : { detail: { note: by.note } }),
  });
}

/** What the run says of itself, once something of it was decided and it waits on. */
export async function saveRunMessage(tx: Tx, runId: string, message: string): Promise<void> {
  await tx.query('update run set message = $2 where id = $1', [runId, message]);
}
