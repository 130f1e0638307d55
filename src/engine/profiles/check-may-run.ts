import { isExpired } from '#core/run/profile.ts';
import { refusalOf } from '#core/run/profile-state.ts';
import { isMadeFromDirectory } from '#core/run/run-trigger.ts';
import { ConflictError } from '#lib/errors.ts';
import type { StoredProfile } from '#storage/profiles/profile-row.ts';

/** Whether a run of the profile may go on. `trigger`: its own; what follows an expiration, or undoes it, goes on although the profile is expired. */
export function mayRun(profile: StoredProfile, trigger?: string): boolean {
  if (profile.state !== 'provisioned') return false;
  return isMadeFromDirectory(trigger) || !isExpired(profile.expirationDate, profile.today);
}

/** Nothing but the expiration date stands in the way of the run. */
export function waitsForNewDate(profile: StoredProfile, trigger: string): boolean {
  return profile.state === 'provisioned' && !mayRun(profile, trigger);
}

/** A run goes on only for a profile that could be started. Errors: ConflictError. */
export function checkMayRun(profile: StoredProfile, trigger?: string): void {
  if (mayRun(profile, trigger)) return;
  if (profile.state !== 'provisioned') throw new ConflictError(refusalOf(profile.state, 'resumed'));
  throw new ConflictError(
    `The profile expired on ${profile.expirationDate ?? ''}. Update its expirationDate to a later day, then resume it.`,
  );
}
