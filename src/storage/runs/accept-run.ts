import { nextRunState, type RunState } from '#core/run/run-state.ts';
import { assert } from '#lib/assert.ts';
import { ConflictError } from '#lib/errors.ts';

import type { Tx } from '../database.ts';
import { appendRunEvent } from './run-event.ts';

/** The run that `resume` is about: the newest one, unless it was replaced or cancelled. */
export interface ResumableRun {
  readonly id: string;
  readonly state: RunState;
  readonly errorCode: string | null;
  readonly trigger: string;
  readonly confirmedFiles: readonly string[];
  /** Files that must be confirmed by name (run.counts.filesToConfirm). */
  readonly filesToConfirm: readonly string[];
}

/**
 * The newest run made since the last reset that was neither replaced nor cancelled, but one that was suspended first: it goes on, whatever stopped beside it (an
 * older preview may have been approved); its row is locked.
 */
export async function lockNewestRun(tx: Tx, profileId: string): Promise<ResumableRun | null> {
  const rows = await tx.query<{
    id: string;
    state: RunState;
    error_code: string | null;
    trigger: string;
    confirmed_files: string[];
    files_to_confirm: unknown;
  }>(
    `select r.id, r.state, r.error_code, r.trigger, r.confirmed_files, r.counts -> 'filesToConfirm' as files_to_confirm
       from run r join profile p on p.tenant_id = r.tenant_id and p.id = r.profile_id
      where r.profile_id = $1 and not r.plan_only and r.state not in ('superseded', 'cancelled', 'rejected')
        and (p.reset_at is null or r.created_at > p.reset_at)
      order by r.state = 'suspended' desc, r.created_at desc, r.id desc limit 1 for no key update of r`,
    [profileId],
  );
  const row = rows[0];
  if (!row) return null;
  return {
    id: row.id,
    state: row.state,
    errorCode: row.error_code,
    trigger: row.trigger,
    confirmedFiles: row.confirmed_files,
    filesToConfirm: Array.isArray(row.files_to_confirm)
      ? row.files_to_confirm.filter((file): file is string => typeof file === 'string')
      : [],
  };
}

/** The run whose plan was last let into the directory; null before the first. */
export async function readAcceptedRunId(tx: Tx, profileId: string): Promise<string | null> {
  const rows = await tx.query<{ accepted_run_id: string | null }>(
    'select accepted_run_id from profile where id = $1',
    [profileId],
  );
  return rows[0]?.accepted_run_id ?? null;
}

export interface Acceptance {
  readonly actor: string;
  readonly newId: () => string;
  /** Record errors above tolerance are let pass for this upload. */
  readonly waiveTolerance?: boolean;
  /** The plan is accepted although the verdict held it. */
  readonly acceptVerdict?: boolean;
  /** Parts of the plan that were set aside are released (decideHolds): another pass of apply follows. */
  readonly nextPass?: boolean;
  readonly note?: string | null;
  /** Of the request that accepts: what follows is linked to it. */
  readonly traceparent?: string | undefined;
  /** Files that may be missing or without rows, added to those confirmed before. */
  readonly confirmFiles?: readonly string[];
}

/** `accepted`: the run is queued again with what was accepted. The caller holds the lock of the profile row. */
export async function acceptRun(tx: Tx, run: ResumableRun, acceptance: Acceptance): Promise<void> {
  const state = nextRunState(run.state, 'accepted');
  assert(state !== 'refused', `a run in the state ${run.state} cannot be accepted`);
  const rows = await tx.query(
    `update run set state = $3, tolerance_waived = tolerance_waived or $4, verdict_accepted = verdict_accepted or $5,
            confirmed_files = array(select distinct file from unnest(confirmed_files || $6::text[]) as file),
            plan_only = plan_only and not $5,
            apply_pass = case when $8 then apply_pass + 1 else apply_pass end,
            applied_item_no = case when $8 then 0 else applied_item_no end,
            accepted_by = $7, accepted_at = now(), traceparent = coalesce($9, traceparent), error_code = null, message = null, next_attempt_at = null,
            lease_owner = null, lease_expires_at = null
      where id = $1 and state = $2 returning 1`,
    [
      run.id,
      run.state,
      state,
      acceptance.waiveTolerance ?? false,
      acceptance.acceptVerdict ?? false,
      acceptance.confirmFiles ?? [],
      acceptance.actor,
      acceptance.nextPass ?? false,
      acceptance.traceparent ?? null,
    ],
  );
  if (rows.length === 0)
    throw new ConflictError('The run changed in the meantime. Read the status and try again.');
  await appendRunEvent(tx, {
    runId: run.id,
    id: acceptance.newId(),
    event: 'accepted',
    state,
    actor: acceptance.actor,
    detail: {
      was: run.state,
      because: run.errorCode,
      waiveTolerance: acceptance.waiveTolerance ?? false,
      acceptVerdict: acceptance.acceptVerdict ?? false,
      confirmFiles: acceptance.confirmFiles ?? [],
      ...(acceptance.note == null ? {} : { note: acceptance.note }),
    },
  });
}

/** What an administrator accepted needs no other proof: the certificate of the run says so. */
export async function acceptUnproven(tx: Tx, runId: string): Promise<void> {
  await tx.query(
    `with file as (
       select f.place, case when f.value ->> 'proof' is null then jsonb_set(f.value, '{proof}', '"accepted"') else f.value end as value
         from run r cross join lateral jsonb_array_elements(r.certificate -> 'files') with ordinality as f(value, place)
        where r.id = $1)
     update run r set certificate = r.certificate
         || jsonb_build_object('complete', true, 'files', (select jsonb_agg(value order by place) from file))
      where r.id = $1 and exists (select from file)`,
    [runId],
  );
}
