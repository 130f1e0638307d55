import { DIRECTORY_TRIGGERS } from '#core/run/run-trigger.ts';

import type { Tx } from '../database.ts';
import { MAY_RUN_ON_ITS_OWN } from '../profiles/may-run-on-its-own.ts';
import { CREATED_AT, type RunTrigger } from '../runs/enqueue-run.ts';
import { appendRunEvent } from '../runs/run-event.ts';

/** Nothing of the profile is queued, executes or waits for somebody (a preview may); and the files that were let in last are still there. */
export const NOTHING_UNDER_WAY = `not exists (
  select from run w where w.tenant_id = p.tenant_id and w.profile_id = p.id and not (w.plan_only and w.state = 'held')
     and w.state in ('queued', 'staging', 'planning', 'applying', 'held', 'suspended', 'broken'))`;
/** Of `profile p`: the run whose files were let in last, if what was let in after it is a run of such a trigger, which reads none. */
const runOfFilesBefore = (...triggers: readonly RunTrigger[]): string => `(
  select b.id from run b join run d on d.tenant_id = p.tenant_id and d.id = p.accepted_run_id and d.trigger in ('${triggers.join("', '")}')
   where b.tenant_id = p.tenant_id and b.profile_id = p.id and b.upload_id is not null and not b.plan_only and b.state = 'completed'
     and (p.reset_at is null or b.created_at > p.reset_at)
   order by b.created_at desc limit 1)`;
/** What puts back an expiration reads no files: those are let in still that were before the profile expired. */
const ACCEPTED_RUN = `coalesce(${runOfFilesBefore('expirationUndo')}, p.accepted_run_id)`;
/** Of `profile p`: the run whose files are let in, or will be again once its expiration was put back. */
export const RUN_OF_FILES = `coalesce(${runOfFilesBefore(...DIRECTORY_TRIGGERS)}, p.accepted_run_id)`;
/** Not the files of a run that was cancelled half way: somebody did not want them, and the next upload brings what is missing. */
export const ACCEPTED_UPLOAD = `run a on a.tenant_id = p.tenant_id and a.id = ${ACCEPTED_RUN} and a.state <> 'cancelled'
  join upload u on u.tenant_id = a.tenant_id and u.id = a.upload_id and u.state = 'sealed' and u.wrapped_key is not null`;
const HAS_DUE = `exists (select from escrow e where e.tenant_id = p.tenant_id and e.profile_id = p.id and e.next_attempt_at <= now())`;

/** Profiles of all tenants with records that are due for another attempt and that may have one now. As owner. */
export async function listDueProfiles(tx: Tx): Promise<{ tenantId: string; profileId: string }[]> {
  return tx.query(
    `select p.tenant_id as "tenantId", p.id as "profileId"
       from profile p join tenant t on t.id = p.tenant_id join ${ACCEPTED_UPLOAD}
      where ${HAS_DUE} and ${MAY_RUN_ON_ITS_OWN} and ${NOTHING_UNDER_WAY}
      order by p.tenant_id, p.id`,
  );
}

/**
 * Queues a retry on the upload that was let in last, if there is something due and nothing else under way. What that run
 * was allowed to pass is passed again: nobody is asked twice. The caller holds the lock of the profile row. `asked`: by a person, who needs
 * no turn in quarantine.
 * @returns whether it was queued.
 */
export async function queueRetry(
  tx: Tx,
  retry: {
    readonly profileId: string;
    readonly runId: string;
    readonly actor: string;
    readonly newId: () => string;
    readonly asked: boolean;
  },
): Promise<boolean> {
  const rows = await tx.query(
    `insert into run (tenant_id, id, profile_id, upload_id, state, requested_by, trigger, tolerance_waived, confirmed_files, created_at)
     select p.tenant_id, $2, p.id, a.upload_id, 'queued', $3, 'retry', true, a.confirmed_files, ${CREATED_AT}
       from profile p join tenant t on t.id = p.tenant_id join ${ACCEPTED_UPLOAD}
      where p.id = $1 and ${HAS_DUE} and ($4 or ${MAY_RUN_ON_ITS_OWN}) and ${NOTHING_UNDER_WAY}
     returning 1`,
    [retry.profileId, retry.runId, retry.actor, retry.asked],
  );
  if (rows.length === 0) return false;
  await appendRunEvent(tx, {
    runId: retry.runId,
    id: retry.newId(),
    event: 'requested',
    state: 'queued',
    actor: retry.actor,
    detail: { trigger: 'retry' },
  });
  return true;
}

/** Somebody asks for it: everything in escrow that is tried at all is due now. */
export async function makeEscrowDue(tx: Tx, profileId: string): Promise<void> {
  await tx.query(
    'update escrow set next_attempt_at = now() where profile_id = $1 and next_attempt_at is not null',
    [profileId],
  );
}
