import { FINDING_CODES } from '#core/findings.ts';

import type { Tx } from '../database.ts';
import { joinByHash } from '../plan/join-by-hash.ts';

/** Code to what to do. */
const REMEDIES = JSON.stringify(
  Object.fromEntries(Object.entries(FINDING_CODES).map(([code, { remedy }]) => [code, remedy])),
);

/**
 * The open errors of a profile are those of its last roster: records dropped by validation, and items that could not be
 * written (those that merely wait for another record are not counted). The message of a dropped record says where it
 * stands, what is wrong and what to do. Replaces what an earlier run left.
 * @returns how many there are now.
 */
export async function replaceRecordErrors(tx: Tx, profileId: string, runId: string): Promise<number> {
  await tx.query('delete from record_error where profile_id = $1', [profileId]);
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
              case code when 'REFERENCE_NOT_FOUND' then 'InvalidLookupReference' else code end,
              case when line is null then '' else file || ', line ' || line || ': ' end || concat_ws(' ', message, $3::jsonb ->> code),
              value, coalesce(source_id, file || coalesce(':' || line, '')), file, line
         from finding where run_id = $2 and severity in ('error', 'fatal')
       returning 1),
     failed as (
       insert into record_error (tenant_id, profile_id, id, run_id, entry_type, error_code, error_message, joining_value,
                                 reportable_identifier, file, line)
       select current_tenant(), $1, gen_random_uuid(), f.run_id,
              case i.kind when 'org' then 'School' when 'class' then 'Section' when 'student' then 'Student' when 'teacher' then 'Teacher'
                when 'role' then 'SchoolMembership' when 'enrollment' then 'SectionMembership' else i.kind end,
              f.code, f.message, f.joining_value, i.source_id, i.file, i.line
         from plan_item_failure f join plan_item i on i.run_id = f.run_id and i.item_no = f.item_no
        where f.run_id = $2 and f.because_of is null
       returning 1)
     select ((select count(*) from dropped) + (select count(*) from failed))::integer as total`,
    [profileId, runId, REMEDIES],
  );
  return rows[0]?.total ?? 0;
}

/** The apply stage ran through: the directory is in step. `changed`: there was something to change. */
export async function markSynchronized(tx: Tx, profileId: string, changed: boolean): Promise<void> {
  await tx.query(
    `update profile set last_synchronization_at = now(), broken_runs = 0, quarantined_at = null,
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

/** A run broke off. Five in a row put the profile into quarantine. @returns the breaks in a row, and whether it is quarantined. */
export async function markBroken(
  tx: Tx,
  profileId: string,
  quarantineAfter: number,
): Promise<{ brokenRuns: number; quarantined: boolean }> {
  const rows = await tx.query<{ broken_runs: number; quarantined: boolean }>(
    `update profile set broken_runs = broken_runs + 1,
            quarantined_at = case when broken_runs + 1 >= $2 then coalesce(quarantined_at, now()) else quarantined_at end
      where id = $1 returning broken_runs, quarantined_at is not null as quarantined`,
    [profileId, quarantineAfter],
  );
  return { brokenRuns: rows[0]?.broken_runs ?? 0, quarantined: rows[0]?.quarantined ?? false };
}

/** The run of this profile that waits in the queue, if one does: it starts when the one before it ends. */
export async function findQueuedRun(tx: Tx, profileId: string): Promise<string | null> {
  const rows = await tx.query<{ id: string }>(
    `select id from run where profile_id = $1 and state = 'queued'`,
    [profileId],
  );
  return rows[0]?.id ?? null;
}
