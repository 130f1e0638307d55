import { stepCron } from '#core/schedule/cron-due.ts';
import { readSchedule as parseSchedule } from '#core/schedule/schedule-settings.ts';
import { NOTHING_SCHEDULED, sayWait, waitOf, zoneOf, type Schedule } from '#core/schedule/schedule.ts';
import { watchedFolderPath } from '#files/watched-folder.ts';
import { inTenant } from '#storage/database.ts';
import { readLastCron, readScheduledProfile } from '#storage/schedule/profile-schedule.ts';

import { isUuid, noSuchProfile, type ProfileContext } from './profile-context.ts';

/** The schedule of a profile, and what comes of it now. */
export interface ScheduleView {
  readonly schedule: Schedule;
  /** In which the schedule is meant: its own, else the tenant's. */
  readonly timeZone: string;
  /** False: it is paused, expired, not provisioned, or of a kind that this version does not run, so that nothing starts by itself. */
  readonly active: boolean;
  /** When the cron line fires next; while it is in the past, in a moment. */
  readonly nextCronAt: Date | null;
  /** When a run that the cron line asks for then would begin: later than nextCronAt when that lies in a blackout window. */
  readonly nextRunAt: Date | null;
  /** A run that is asked for now would wait so long; null: it would begin at once. */
  readonly waitsUntil: Date | null;
  readonly waitsBecause: string | null;
  readonly lastCronAt: Date | null;
  /** withoutFiles: there was nothing to start with. */
  readonly lastCronResult: 'started' | 'withoutFiles' | null;
  readonly folder: { readonly path: string | null; readonly note: string | null } | null;
  /** The expiration date that was noticed. */
  readonly expiredOn: string | null;
}

/** Errors: NotFoundError. */
export async function getSchedule(
  context: Pick<ProfileContext, 'db' | 'watchDirectory'>,
  tenantId: string,
  profileId: string,
): Promise<ScheduleView> {
  const found = isUuid(profileId)
    ? await inTenant(
        context.db,
        tenantId,
        async (tx) => ({
          profile: await readScheduledProfile(tx, profileId),
          lastCron: await readLastCron(tx, profileId),
        }),
        { readOnly: true },
      )
    : null;
  const profile = found?.profile;
  if (!profile) throw noSuchProfile(profileId);
  const read = parseSchedule(profile.schedule);
  const schedule = 'schedule' in read ? read.schedule : NOTHING_SCHEDULED;
  const zone = zoneOf(schedule, profile.tenantZone);
  const wanted = schedule.cron === null ? null : { line: schedule.cron, zone };
  // As the scheduler will see it: what is due stays due until it has fired.
  const cron = stepCron(profile.cron, wanted, profile.now);
  const dueAt = cron.fires ? profile.cron.dueAt : cron.state.dueAt;
  const nextCronAt = profile.mayStart ? dueAt : null;
  const wait = waitOf(schedule, zone, profile.now);
  return {
    schedule,
    timeZone: zone,
    active: profile.mayStart,
    nextCronAt,
    nextRunAt: nextCronAt && (waitOf(schedule, zone, nextCronAt)?.until ?? nextCronAt),
    waitsUntil: wait?.until ?? null,
    waitsBecause: wait && sayWait(wait, zone),
    lastCronAt: found.lastCron?.at ?? null,
    lastCronResult: found.lastCron ? (found.lastCron.started ? 'started' : 'withoutFiles') : null,
    folder:
      schedule.watchedFolder === null
        ? null
        : {
            path:
              context.watchDirectory === undefined
                ? null
                : watchedFolderPath(context.watchDirectory, tenantId, schedule.watchedFolder),
            note: profile.folderNote,
          },
    expiredOn: profile.expiredOn,
  };
}
