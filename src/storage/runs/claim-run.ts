import type { RunState } from '#core/run/run-state.ts';
import { nextRunState } from '#core/run/run-state.ts';
import { DIRECTORY_TRIGGERS, isMadeFromDirectory } from '#core/run/run-trigger.ts';
import type { WorkerDeaths } from '#core/run/worker-deaths.ts';
import { readSchedule } from '#core/schedule/schedule-settings.ts';
import {
  isAddsOnly,
  NOTHING_SCHEDULED,
  sayWait,
  waitOf,
  zoneOf,
  type Schedule,
} from '#core/schedule/schedule.ts';

import type { Tx } from '../database.ts';
import { settleCancelled } from './cancel-run.ts';
import { replaceWaitingRuns } from './enqueue-run.ts';
import { appendRunEvent } from './run-event.ts';
import { countWorkerDeaths } from './worker-deaths.ts';

/** What a worker that holds the lease of a run knows about it. */
export interface ClaimedRun {
  readonly id: string;
  readonly profileId: string;
  readonly sourceSystemId: string;
  /** What asked for it: run.trigger. */
  readonly trigger: string;
  readonly uploadId: string | null;
  readonly state: RunState;
  readonly attempt: number;
  readonly epoch: number;
  readonly toleranceWaived: boolean;
  readonly verdictAccepted: boolean;
  readonly confirmedFiles: readonly string[];
  readonly appliedItemNo: number;
  readonly planned: boolean;
  readonly planOnly: boolean;
  readonly addsOnly: boolean;
  readonly applyPass: number;
  /** Of the triggers expiration and expirationUndo: the date. */
  readonly expiredOn: string | null;
  /** Of the trigger expirationUndo: the source system that keeps the expired classes. */
  readonly keptInId: string | null;
  /** Its worker gave no sign of life: the lease was over, and nobody had given it back. */
  readonly takenOver: boolean;
  /** Workers before this one that died over it, one after the other; null: the last one did not. */
  readonly deaths: WorkerDeaths | null;
  /** By the clock of the database. */
  readonly claimedAt: Date;
  /** The span of the request that asked for it last; null: none. */
  readonly traceparent: string | null;
}

export type ClaimResult = ClaimedRun | 'nothingToDo' | 'busy';

interface Row {
  id: string;
  profile_id: string;
  source_system_id: string;
  trigger: string;
  upload_id: string | null;
  state: RunState;
  attempt: number;
  epoch: number;
  tolerance_waived: boolean;
  verdict_accepted: boolean;
  confirmed_files: string[];
  applied_item_no: number;
  planned: boolean;
  plan_only: boolean;
  adds_only: boolean;
  apply_pass: number;
  expired_on: string | null;
  kept_in_id: string | null;
  traceparent: string | null;
  schedule: unknown;
  tenant_zone: string;
  now: Date;
  error_code: string | null;
  lease_owner: string | null;
  lease_valid: boolean;
  due: boolean;
  stopped: boolean;
  gone: boolean;
  other_executing: boolean;
  overtaken: boolean;
}

/**
 * Of a run `r`, its profile `p` and tenant `t`: it was to begin, and the profile has expired. What executed by then, or is in the directory in part, is brought
 * to its end; what follows the expiration, or undoes it, begins after it.
 */
const EXPIRED_BEFORE = `coalesce(p.expiration_date <= (now() at time zone t.time_zone)::date, false)
  and r.state in ('queued', 'broken') and r.applied_item_no = 0 and r.apply_pass = 1
  and not r.plan_only and r.trigger <> all('{${DIRECTORY_TRIGGERS.join()}}')`;

/**
 * Takes the lease of a run, raising its epoch: whoever held it before can commit nothing any more. Locks the profile row,
 * then the run row, so that two runs of one profile can never execute at once. A run whose profile is paused, or expired before it began, is suspended here, one
 * whose profile is gone is cancelled, and one that the schedule of its profile does not let begin waits until it does. A run that was
 * executing when such a time began goes on, whoever takes it over.
 * @returns 'busy' when another worker holds a valid lease or another run of the profile executes.
 */
export async function claimRun(
  tx: Tx,
  input: { runId: string; worker: string; leaseSeconds: number; newId: () => string },
): Promise<ClaimResult> {
  await tx.query(
    'select 1 from profile where id = (select profile_id from run where id = $1) for no key update',
    [input.runId],
  );
  const rows = await tx.query<Row>(
    `select r.id, r.profile_id, p.source_system_id, r.trigger, r.upload_id, r.state, r.attempt, r.epoch,
            r.tolerance_waived, r.verdict_accepted, r.applied_item_no, r.planned_at is not null as planned,
            r.confirmed_files, r.plan_only, r.adds_only, r.apply_pass, r.expired_on, r.kept_in_id, r.traceparent, p.settings -> 'schedule' as schedule,
            t.time_zone as tenant_zone, now() as now,
            r.error_code, r.lease_owner, coalesce(r.lease_expires_at > now(), false) as lease_valid,
            coalesce(r.next_attempt_at <= now(), true) as due,
            p.paused_at is not null and not r.plan_only or ${EXPIRED_BEFORE} as stopped, p.state in ('deleting', 'deleted') or r.cancel_requested as gone,
            exists (select from run o where o.profile_id = r.profile_id and o.id <> r.id
                    and o.state in ('staging', 'planning', 'applying')) as other_executing,
            exists (select from run n where n.profile_id = r.profile_id and n.state = 'queued' and not n.plan_only
                    and n.created_at > r.created_at) as overtaken
       from run r join profile p on p.tenant_id = r.tenant_id and p.id = r.profile_id join tenant t on t.id = r.tenant_id
      where r.id = $1 for no key update of r`,
    [input.runId],
  );
  const row = rows[0];
  if (row === undefined) return 'nothingToDo';
  const next = nextRunState(row.state, 'claimed', row.planned);
  if (next === 'refused' || !row.due) return 'nothingToDo';
  if (row.lease_valid || row.other_executing) return 'busy';
  // A run that broke off while a newer one was queued: its upload is out of date, the newer one takes its place.
  const replaced = row.overtaken && row.state === 'broken';
  if (row.gone || row.stopped || replaced) {
    const event = row.gone ? 'cancel' : replaced ? 'replaced' : 'paused';
    const state = nextRunState(row.state, event);
    if (state !== 'refused') {
      await tx.query(
        `update run set state = $2, epoch = epoch + 1, lease_owner = null, lease_expires_at = null,
                finished_at = case when $2 in ('superseded', 'cancelled') then now() else finished_at end
          where id = $1`,
        [input.runId, state],
      );
      await appendRunEvent(tx, { runId: input.runId, id: input.newId(), event, state, actor: input.worker });
      if (event === 'cancel') await settleCancelled(tx, input.runId);
    }
    return 'nothingToDo';
  }
  const schedule = scheduleOf(row.schedule);
  const zone = zoneOf(schedule, row.tenant_zone);
  // A preview changes nothing, so it need not wait, and shows everything.
  const begins = !row.plan_only && (row.state === 'queued' || row.state === 'broken');
  const wait = begins ? waitOf(schedule, zone, row.now) : null;
  if (wait !== null) {
    const because = sayWait(wait, zone);
    await tx.query(
      `update run set next_attempt_at = $2, message = case when state = 'queued' then $3 else message end where id = $1`,
      [input.runId, wait.until, because],
    );
    await appendRunEvent(tx, {
      runId: input.runId,
      id: input.newId(),
      event: 'waits',
      state: row.state,
      actor: input.worker,
      detail: { until: wait.until, because: wait.because, message: because },
    });
    return 'nothingToDo';
  }
  // A plan that is complete was made with what held when its run was claimed for it.
  const addsOnly =
    next === 'applying'
      ? row.adds_only
      : !row.plan_only && !isMadeFromDirectory(row.trigger) && isAddsOnly(schedule, zone, row.now);
  const deaths = await countWorkerDeaths(tx, row, input.worker);
  await tx.query(
    `update run set state = $2, epoch = epoch + 1, lease_owner = $3, next_attempt_at = null, adds_only = $5,
            message = case when state = 'queued' then null else message end,
            lease_expires_at = now() + make_interval(secs => $4), started_at = coalesce(started_at, now())
      where id = $1`,
    [input.runId, next, input.worker, input.leaseSeconds, addsOnly],
  );
  await appendRunEvent(tx, {
    runId: input.runId,
    id: input.newId(),
    event: 'claimed',
    state: next,
    actor: input.worker,
    detail: { attempt: row.attempt, epoch: row.epoch + 1, ...(deaths === null ? {} : { deaths }) },
  });
  // One that follows an expiration, or undoes it, replaces nothing until its plan is approved, or found empty: the profile may be renewed instead.
  if (!isMadeFromDirectory(row.trigger))
    await replaceWaitingRuns(
      tx,
      { profileId: row.profile_id, actor: input.worker, newId: input.newId },
      input.runId,
      row.plan_only,
    );
  return {
    id: row.id,
    profileId: row.profile_id,
    sourceSystemId: row.source_system_id,
    trigger: row.trigger,
    uploadId: row.upload_id,
    state: next,
    attempt: row.attempt,
    epoch: row.epoch + 1,
    toleranceWaived: row.tolerance_waived,
    verdictAccepted: row.verdict_accepted,
    confirmedFiles: row.confirmed_files,
    appliedItemNo: row.applied_item_no,
    planned: row.planned,
    planOnly: row.plan_only,
    addsOnly,
    applyPass: row.apply_pass,
    expiredOn: row.expired_on,
    keptInId: row.kept_in_id,
    takenOver: row.lease_owner !== null,
    deaths,
    claimedAt: row.now,
    traceparent: row.traceparent,
  };
}

/** Settings are checked when they are stored; what an older version left behind schedules nothing. */
function scheduleOf(stored: unknown): Schedule {
  const read = readSchedule(stored);
  return 'schedule' in read ? read.schedule : NOTHING_SCHEDULED;
}
