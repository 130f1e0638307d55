import type { CronState } from '#core/schedule/cron-due.ts';
import type { FolderState } from '#core/schedule/folder-look.ts';

import type { Tx } from '../database.ts';
import { MAY_RUN_ON_ITS_OWN } from '../profiles/may-run-on-its-own.ts';
import { HAS_FILES } from '../uploads/is-upload-complete.ts';
import { ENDINGS_PUT_OFF } from './queue-catch-up.ts';

/** A profile as the scheduler looks at it. */
export interface ScheduledProfile {
  readonly tenantId: string;
  readonly profileId: string;
  /** profile.settings.schedule, as stored. */
  readonly schedule: unknown;
  readonly tenantZone: string;
  /** It is neither paused nor expired, and of a kind that runs: it may start. */
  readonly mayStart: boolean;
  readonly expirationDate: string | null;
  readonly expired: boolean;
  readonly expiredOn: string | null;
  /** The expiration date that a run was queued for. */
  readonly expirationQueuedOn: string | null;
  readonly cron: CronState;
  readonly folder: FolderState;
  readonly folderNote: string | null;
  /** Its open upload holds a file. */
  readonly hasFiles: boolean;
  /** Endings that an adds-only window put off wait for its end. */
  readonly endingsPutOff: boolean;
  /** The clock of the database. */
  readonly now: Date;
}

interface Row {
  tenant_id: string;
  id: string;
  schedule: unknown;
  time_zone: string;
  may_start: boolean;
  expiration_date: string | null;
  expired: boolean;
  expired_on: string | null;
  expiration_queued_on: string | null;
  cron: string | null;
  cron_due_at: Date | null;
  folder_seen: string | null;
  folder_seen_at: Date | null;
  folder_taken: string | null;
  folder_note: string | null;
  has_files: boolean;
  endings_put_off: boolean;
  now: Date;
}

const SELECT = `
  select p.tenant_id, p.id, p.settings -> 'schedule' as schedule, t.time_zone, p.expiration_date, now() as now,
         ${MAY_RUN_ON_ITS_OWN} as may_start, e.expired,
         s.expired_on, s.expiration_queued_on, s.cron, s.cron_due_at, s.folder_seen, s.folder_seen_at, s.folder_taken, s.folder_note,
         ${HAS_FILES} as has_files, ${ENDINGS_PUT_OFF} as endings_put_off
    from profile p join tenant t on t.id = p.tenant_id
    cross join lateral (select coalesce(p.expiration_date <= (now() at time zone t.time_zone)::date, false) as expired) e
    left join profile_schedule s on s.tenant_id = p.tenant_id and s.profile_id = p.id`;

/** Living profiles of all tenants for which the scheduler has something to look at. As owner. */
export async function listScheduledProfiles(tx: Tx): Promise<ScheduledProfile[]> {
  const rows = await tx.query<Row>(
    `${SELECT}
      where p.state not in ('deleting', 'deleted')
        and (p.settings ? 'schedule' and p.state = 'provisioned' and p.paused_at is null
             or e.expired and s.expired_on is distinct from p.expiration_date
             or s.expired_on is not null and not e.expired)
      order by p.tenant_id, p.id`,
  );
  return rows.map(toScheduledProfile);
}

/** One profile, in the tenant. */
export async function readScheduledProfile(tx: Tx, profileId: string): Promise<ScheduledProfile | null> {
  const rows = await tx.query<Row>(`${SELECT} where p.id = $1 and p.state <> 'deleted'`, [profileId]);
  return rows[0] ? toScheduledProfile(rows[0]) : null;
}

function toScheduledProfile(row: Row): ScheduledProfile {
  return {
    tenantId: row.tenant_id,
    profileId: row.id,
    schedule: row.schedule,
    tenantZone: row.time_zone,
    mayStart: row.may_start,
    expirationDate: row.expiration_date,
    expired: row.expired,
    expiredOn: row.expired_on,
    expirationQueuedOn: row.expiration_queued_on,
    cron: { cron: row.cron, dueAt: row.cron_due_at },
    folder: { seen: row.folder_seen, seenAt: row.folder_seen_at, taken: row.folder_taken },
    folderNote: row.folder_note,
    hasFiles: row.has_files,
    endingsPutOff: row.endings_put_off,
    now: row.now,
  };
}

/** Moves from one state of the cron line to the next. False: another process was faster, and nothing has changed. */
export async function saveCronStep(
  tx: Tx,
  profileId: string,
  from: CronState,
  to: CronState,
): Promise<boolean> {
  await ensureRow(tx, profileId);
  const rows = await tx.query(
    `update profile_schedule set cron = $4, cron_due_at = $5
      where profile_id = $1 and cron is not distinct from $2 and cron_due_at is not distinct from $3 returning 1`,
    [profileId, from.cron, from.dueAt, to.cron, to.dueAt],
  );
  return rows.length === 1;
}

/** A pause, or an expiration, is over: the cron time that it let pass is not caught up. One that is still to come stays. */
export async function forgetMissedCron(tx: Tx, profileId: string): Promise<void> {
  await tx.query(
    'update profile_schedule set cron = null, cron_due_at = null where profile_id = $1 and cron_due_at <= now()',
    [profileId],
  );
}

/**
 * Stores what a look at the watched folder saw. Guarded by the look before, so that of several processes one goes on from it.
 * False: another one was faster.
 */
export async function saveFolderLook(
  tx: Tx,
  profileId: string,
  from: FolderState,
  look: { readonly seen: string | null; readonly seenAt: Date | null; readonly note: string | null },
): Promise<boolean> {
  await ensureRow(tx, profileId);
  const rows = await tx.query(
    `update profile_schedule set folder_seen = $4, folder_seen_at = $5, folder_note = $6
      where profile_id = $1 and folder_seen is not distinct from $2 and folder_seen_at is not distinct from $3 returning 1`,
    [profileId, from.seen, from.seenAt, look.seen, look.seenAt, look.note],
  );
  return rows.length === 1;
}

/** The files with this fingerprint are in the upload that is started now. False: another process has taken them. */
export async function saveFolderTaken(tx: Tx, profileId: string, fingerprint: string): Promise<boolean> {
  await ensureRow(tx, profileId);
  const rows = await tx.query(
    `update profile_schedule set folder_taken = $2, folder_note = null
      where profile_id = $1 and folder_taken is distinct from $2 returning 1`,
    [profileId, fingerprint],
  );
  return rows.length === 1;
}

/** The files that stand in the watched folder are taken again, although they are the same. */
export async function forgetFolderTaken(tx: Tx, profileId: string): Promise<void> {
  await tx.query('update profile_schedule set folder_taken = null where profile_id = $1', [profileId]);
}

/** Remembers that an expiration was noticed, or (null) that it is no more. False: another process was faster. */
export async function saveExpiredOn(
  tx: Tx,
  profileId: string,
  from: string | null,
  to: string | null,
): Promise<boolean> {
  await ensureRow(tx, profileId);
  const rows = await tx.query(
    `update profile_schedule set expired_on = $3, expiration_queued_on = null
      where profile_id = $1 and expired_on is not distinct from $2 returning 1`,
    [profileId, from, to],
  );
  return rows.length === 1;
}

async function ensureRow(tx: Tx, profileId: string): Promise<void> {
  await tx.query(
    `insert into profile_schedule (tenant_id, profile_id) values (current_tenant(), $1) on conflict do nothing`,
    [profileId],
  );
}

/** When the cron line last fired, and what came of it; null before. From the history of the profile. */
export async function readLastCron(
  tx: Tx,
  profileId: string,
): Promise<{ readonly at: Date; readonly started: boolean } | null> {
  const rows = await tx.query<{ at: Date; started: boolean }>(
    `select at, event = 'started' as started from profile_event
      where profile_id = $1 and (event = 'scheduledWithoutFiles' or event = 'started' and detail ->> 'trigger' = 'cron')
      order by at desc limit 1`,
    [profileId],
  );
  return rows[0] ?? null;
}
