import { formatWallTime } from './wall-clock.ts';
import { anyHolds, windowEnd, type Window } from './window.ts';

/** When a profile syncs by itself, and when it does not: the property `schedule` of profile.settings. */
export interface Schedule {
  readonly cron: string | null;
  /** IANA name; null: that of the tenant. */
  readonly timeZone: string | null;
  /** Starts once all files of the format are uploaded and nothing more comes. */
  readonly runOnUpload: boolean;
  /** Below the folder of the tenant in WATCH_DIR, with `/` between its parts. */
  readonly watchedFolder: string | null;
  /** ISO 8601 with its offset; no run begins before. */
  readonly notBefore: string | null;
  /** No run begins in these. */
  readonly blackout: readonly Window[];
  /** Runs that begin in these end nothing. */
  readonly addsOnly: readonly Window[];
  readonly onExpiration: OnExpiration;
}

export const ON_EXPIRATION = ['keep', 'expireClasses', 'expireClassesAndEndStudents'] as const;
export type OnExpiration = (typeof ON_EXPIRATION)[number];

export const NOTHING_SCHEDULED: Schedule = {
  cron: null,
  timeZone: null,
  runOnUpload: false,
  watchedFolder: null,
  notBefore: null,
  blackout: [],
  addsOnly: [],
  onExpiration: 'keep',
};

export interface Wait {
  readonly until: Date;
  readonly because: 'notBefore' | 'blackout';
}

export function zoneOf(schedule: Schedule, tenantZone: string): string {
  return schedule.timeZone ?? tenantZone;
}

/** Until when no run of the profile begins, and what stands against it last; null when one may begin. */
export function waitOf(schedule: Schedule, zone: string, at: Date): Wait | null {
  const notBefore = schedule.notBefore === null ? null : new Date(schedule.notBefore);
  const waits = notBefore !== null && notBefore > at;
  const free = waits ? notBefore : at;
  const end = windowEnd(schedule.blackout, zone, free);
  if (end !== null) return { until: end, because: 'blackout' };
  return waits ? { until: free, because: 'notBefore' } : null;
}

/** Whether a run that begins now ends nothing. */
export function isAddsOnly(schedule: Schedule, zone: string, at: Date): boolean {
  return anyHolds(schedule.addsOnly, zone, at);
}

/** Why a run waits, for people. */
export function sayWait(wait: Wait, zone: string): string {
  const until = `${formatWallTime(zone, wait.until)} (${zone})`;
  return wait.because === 'blackout'
    ? `A blackout window of the profile lasts until ${until}; no run begins in it.`
    : `The schedule of the profile lets no run begin before ${until}.`;
}
