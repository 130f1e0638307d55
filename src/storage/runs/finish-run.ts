import { FINDING_CODES } from '#core/findings.ts';
import { CLASSIC_CODES } from '#core/run/classic-codes.ts';

import type { Tx } from '../database.ts';
import { ESCROW_OUTLOOK } from '../escrow/escrow-outlook.ts';
import { joinByHash } from '../plan/join-by-hash.ts';

/** Code to what to do. */
const REMEDIES = JSON.stringify(
  Object.fromEntries(Object.entries(FINDING_CODES).map(([code, { remedy }]) => [code, remedy])),
);

/**
 * The open errors of a profile are those of its last roster, records dropped by validation and items that could not be
 * written, and what is in escrow (records that merely wait for another one are not counted). The message of a dropped record says where it
 * stands, what is wrong and what to do; that of a record in escrow, when it is tried next. Replaces what an earlier run left;
 * a retry, which looks at nothing but escrow, leaves items that were set aside as stale. The id of an error that has a
 * plan item is the key of its record.
 * @returns how many there are now.
 */
export async function replaceRecordErrors(
  tx: Tx,
  profileId: string,
  runId: string,
  retry = false,
): Promise<number> {
  await tx.query(`delete from record_error where profile_id = $1 and not ($2 and error_code = 'StaleItem')`, [
    profileId,
    retry,
  ]);
  // A run may have a hundred thousand failures, minutes old, which the planner takes for one: read all items of the run for each.
  await joinByHash(tx);
  const rows = await tx.query<{ total: number }>(
    `with dropped as (
       insert into record_error (tenant_id, profile_id, id, run_id, entry_type, error_code, error_message, joining_value,
                                 reportable_identifier, file, line)
       select current_tenant(), $1, gen_random_uuid(), run_id,
              case file when 'school.csv' then 'School' when 'section.csv' then 'Section' when 'student.csv' then 'Student'
                when 'teacher.csv' then 'Teacher' when 'studentenrollment.csv' then 'StudentEnrollment'
                when 'teacherroster.csv' then 'TeacherRoster' else file end,
              coalesce($4::jsonb ->> code, code),
              case when line is null then '' else file || ', line ' || line || ': ' end || concat_ws(' ', message, $3::jsonb ->> code),
              value, coalesce(source_id, file || coalesce(':' || line, '')), file, line
         from finding where run_id = $2 and severity in ('error', 'fatal')
       returning 1),
     failed as (
       select f.run_id, i.key, i.kind, f.code, f.message, f.joining_value, i.source_id, i.file, i.line
         from plan_item_failure f join plan_item i on i.run_id = f.run_id and i.item_no = f.item_no
        where f.run_id = $2 and f.because_of is null),
     unwritten as (
       select distinct on (key) * from (
         select 1 as place, f.*, e.next_attempt_at, e.dropped_at
           from failed f left join escrow e on e.profile_id = $1 and e.key = f.key
         union all
         select 2, e.last_run_id, e.key, e.kind, e.code, e.message, e.joining_value, e.source_id, e.file, e.line,
                e.next_attempt_at, e.dropped_at
           from escrow e where e.profile_id = $1) either
        order by key, place),
     told as (
       insert into record_error (tenant_id, profile_id, id, run_id, entry_type, error_code, error_message, joining_value,
                                 reportable_identifier, file, line)
       select current_tenant(), $1, e.key, e.run_id,
              case e.kind when 'org' then 'School' when 'class' then 'Section' when 'student' then 'Student' when 'teacher' then 'Teacher'
                when 'role' then 'SchoolMembership' when 'enrollment' then 'SectionMembership' else e.kind end,
              e.code, e.message || ${ESCROW_OUTLOOK}, e.joining_value, e.source_id, e.file, e.line
         from unwritten e
       on conflict (tenant_id, profile_id, id) do nothing
       returning 1)
     select ((select count(*) from dropped) + (select count(*) from told)
             + (select count(*) from record_error where profile_id = $1))::integer as total`,
    [profileId, runId, REMEDIES, JSON.stringify(CLASSIC_CODES)],
  );
  return rows[0]?.total ?? 0;
}

/**
 * The apply stage ran through: the directory is in step. `changed`: there was something to change. Whether this ends a
 * quarantine is judged apart (engine/quarantine).
 */
export async function markSynchronized(tx: Tx, profileId: string, changed: boolean): Promise<void> {
  await tx.query(
    `update profile set last_synchronization_at = now(), broken_runs = 0,
            last_activity_at = case when $2 or last_activity_at is null then now() else last_activity_at end
      where id = $1`,
    [profileId, changed],
  );
}

/** The plan of this run is let into the directory: plans made before it are stale from now on. */
export async function markAccepted(tx: Tx, profileId: string, runId: string): Promise<void> {
  await tx.query('update profile set accepted_run_id = $2 where id = $1', [profileId, runId]);
}

/** Changes were found in the source, whether or not they may be applied yet. */
export async function markActivity(tx: Tx, profileId: string): Promise<void> {
  await tx.query('update profile set last_activity_at = now() where id = $1', [profileId]);
}

/** A run came to its end that says nothing about the source. */
export async function markUnbroken(tx: Tx, profileId: string): Promise<void> {
  await tx.query('update profile set broken_runs = 0 where id = $1', [profileId]);
}

/** A run broke off for a reason that counts: once more, and `inARow` times at least. @returns how often in a row now. */
export async function markBroken(tx: Tx, profileId: string, inARow: number): Promise<number> {
  const rows = await tx.query<{ broken_runs: number }>(
    'update profile set broken_runs = greatest(broken_runs + 1, $2) where id = $1 returning broken_runs',
    [profileId, inARow],
  );
  return rows[0]?.broken_runs ?? 0;
}

/** The run of this profile that waits in the queue, if one does: it starts when the one before it ends. */
export async function findQueuedRun(tx: Tx, profileId: string): Promise<string | null> {
  const rows = await tx.query<{ id: string }>(
    `select id from run where profile_id = $1 and state = 'queued'`,
    [profileId],
  );
  return rows[0]?.id ?? null;
}
