import { isExpired } from '#core/run/profile.ts';
import { refusalOf } from '#core/run/profile-state.ts';
import { ConflictError } from '#lib/errors.ts';
import type { StoredProfile } from '#storage/profiles/profile-row.ts';

/** A run goes on only for a profile that could be started. Errors: ConflictError. */
export function checkMayRun(profile: StoredProfile): void {
  if (profile.state !== 'provisioned') throw new ConflictError(refusalOf(profile.state, 'resumed'));
  if (isExpired(profile.expirationDate, profile.today))
    throw new ConflictError(
      `The profile expired on ${profile.expirationDate ?? ''}. Update its expirationDate to a later day, then resume it.`,
    );
}
