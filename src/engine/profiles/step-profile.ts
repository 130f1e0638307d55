import { refusalOf, transition, type ProfileEvent, type ProfileStep } from '#core/run/profile-state.ts';
import { ConflictError } from '#lib/errors.ts';
import type { Tx } from '#storage/database.ts';
import { appendProfileEvent } from '#storage/profiles/profile-event.ts';
import type { StoredProfile } from '#storage/profiles/profile-row.ts';
import { saveStep } from '#storage/profiles/save-profile.ts';

/** Whether the profile takes the event, without storing anything. Errors: ConflictError with what to do. */
export function checkStep(profile: StoredProfile, event: ProfileEvent): ProfileStep {
  const step = transition(profile.state, event, profile.now);
  if (step === 'refused') throw new ConflictError(refusalOf(profile.state, event));
  return step;
}

/**
 * Takes one step of the state machine: the guarded update and its event row, in the caller's transaction, which holds the
 * lock of the profile. Errors: ConflictError when the state does not take the event.
 */
export async function stepProfile(
  tx: Tx,
  profile: StoredProfile,
  by: {
    readonly event: ProfileEvent;
    readonly actor: string;
    readonly newId: () => string;
    readonly stateMessage?: string;
    readonly detail?: unknown;
  },
): Promise<ProfileStep> {
  const step = checkStep(profile, by.event);
  await saveStep(tx, profile.id, profile.state, step, by.stateMessage ?? null);
  await appendProfileEvent(tx, {
    profileId: profile.id,
    id: by.newId(),
    event: by.event,
    state: step.state,
    actor: by.actor,
    ...(by.detail === undefined ? {} : { detail: by.detail }),
  });
  return step;
}
