import type { ProfileState } from '#core/run/profile-state.ts';
import { readQuarantineReason, type QuarantineReason } from '#core/run/quarantine.ts';

import type { Tx } from '../database.ts';

/** What decides about a quarantine at the end of a run. The row of the profile is locked. */
export interface QuarantineState {
  readonly profileState: ProfileState;
  /** Null: not in quarantine. */
  readonly reason: QuarantineReason | null;
  readonly wasSynchronized: boolean;
}

export async function lockQuarantineState(tx: Tx, profileId: string): Promise<QuarantineState> {
  const rows = await tx.query<{
    state: ProfileState;
    quarantined: boolean;
    reason: string | null;
    synchronized: boolean;
  }>(
    `select state, quarantined_at is not null as quarantined, quarantine_reason as reason,
            last_synchronization_at is not null as synchronized
       from profile where id = $1 for no key update`,
    [profileId],
  );
  const row = rows[0];
  return {
    profileState: row?.state ?? 'deleted',
    reason: row?.quarantined === true ? readQuarantineReason(row.reason) : null,
    wasSynchronized: row?.synchronized ?? false,
  };
}

/**
 * Puts a profile into quarantine, or notes that it met a reason once more. The time of the first stays while it is in
 * quarantine; the count is of the reason, and starts again with another one.
 */
export async function enterQuarantine(
  tx: Tx,
  profileId: string,
  reason: QuarantineReason,
  nextAttemptInSeconds: number,
): Promise<void> {
  await tx.query(
    `update profile set quarantined_at = coalesce(quarantined_at, now()), quarantine_reason = $2, quarantine_last_at = now(),
            quarantine_count = case when quarantined_at is not null and quarantine_reason = $2 then quarantine_count + 1 else 1 end,
            quarantine_next_attempt_at = now() + make_interval(secs => $3)
      where id = $1`,
    [profileId, reason, nextAttemptInSeconds],
  );
}

export async function leaveQuarantine(tx: Tx, profileId: string): Promise<void> {
  await tx.query(
    `update profile set quarantined_at = null, quarantine_reason = null, quarantine_last_at = null, quarantine_count = 0,
            quarantine_next_attempt_at = null
      where id = $1`,
    [profileId],
  );
}

/** Somebody enabled the profile again: its four weeks begin anew, and it may be tried at once. */
export async function restartQuarantine(tx: Tx, profileId: string): Promise<void> {
  await tx.query(
    `update profile set quarantined_at = now(), quarantine_next_attempt_at = now() where id = $1 and quarantined_at is not null`,
    [profileId],
  );
}

export interface StoredQuarantine {
  readonly quarantinedAt: Date | null;
  readonly reason: string | null;
  readonly lastAt: Date | null;
  readonly count: number;
  readonly nextAttemptAt: Date | null;
  readonly brokenRuns: number;
  readonly pausedBecause: string | null;
  /** Of the event that began it or gave it its reason: counts, a note. */
  readonly detail: unknown;
  readonly by: string | null;
}

export async function readQuarantine(tx: Tx, profileId: string): Promise<StoredQuarantine | null> {
  const rows = await tx.query<StoredQuarantine>(
    `select p.quarantined_at as "quarantinedAt", p.quarantine_reason as reason, p.quarantine_last_at as "lastAt",
            p.quarantine_count as count, p.quarantine_next_attempt_at as "nextAttemptAt", p.broken_runs as "brokenRuns",
            p.paused_because as "pausedBecause", e.detail, e.actor as by
       from profile p
       left join lateral (
         select v.detail, v.actor from profile_event v
          where v.tenant_id = p.tenant_id and v.profile_id = p.id and v.event = 'quarantined'
            and p.quarantined_at is not null
          order by v.at desc, v.id desc limit 1) e on true
      where p.id = $1`,
    [profileId],
  );
  return rows[0] ?? null;
}

/** A run that broke off waits as long as everything else of a profile in quarantine does. */
export async function postponeBrokenRuns(tx: Tx, profileId: string, delaySeconds: number): Promise<void> {
  await tx.query(
    `update run set next_attempt_at = greatest(next_attempt_at, now() + make_interval(secs => $2))
      where profile_id = $1 and state = 'broken'`,
    [profileId, delaySeconds],
  );
}

/** The quarantine is over: a run that broke off is tried at once. @returns the runs to wake. */
export async function hurryBrokenRuns(tx: Tx, profileId: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `update run set next_attempt_at = now() where profile_id = $1 and state = 'broken' returning id`,
    [profileId],
  );
  return rows.map(({ id }) => id);
}

/** Profiles of all tenants that have been in quarantine that long and are not paused yet. As owner. */
export async function listLongQuarantined(
  tx: Tx,
  days: number,
): Promise<{ tenantId: string; profileId: string }[]> {
  return tx.query(
    `select tenant_id as "tenantId", id as "profileId" from profile
      where state = 'provisioned' and paused_at is null and quarantined_at <= now() - make_interval(days => $1)`,
    [days],
  );
}

/** Whether this profile is one of them. The caller holds the lock of its row. */
export async function isLongQuarantined(tx: Tx, profileId: string, days: number): Promise<boolean> {
  const rows = await tx.query(
    `select 1 from profile where id = $1 and state = 'provisioned' and paused_at is null
        and quarantined_at <= now() - make_interval(days => $2)`,
    [profileId, days],
  );
  return rows.length > 0;
}
