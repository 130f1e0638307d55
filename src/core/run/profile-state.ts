/**
 * The states of a profile: Graph's educationSynchronizationProfileState, and `deleted`, the tombstone that the API no
 * longer shows. Whether a profile is paused, expired or quarantined is not a state: see profile-status.
 */
export const PROFILE_STATES = [
  'provisioning',
  'provisioned',
  'provisioningFailed',
  'deleting',
  'deletionFailed',
  'deleted',
] as const;
export type ProfileState = (typeof PROFILE_STATES)[number];

/**
 * checked: the job found the settings usable. checkFailed: it did not; the profile's message says why. updated: somebody
 * changed the profile, so it is checked again. paused, resumed, reset, quarantined, started: the actions of the API; they
 * leave the state as it is. deleteRequested: DELETE was accepted. erased: the job stopped the runs and erased uploads and secrets.
 * eraseFailed: it could not.
 */
export const PROFILE_EVENTS = [
  'checked',
  'checkFailed',
  'updated',
  'paused',
  'resumed',
  'reset',
  'quarantined',
  'started',
  'deleteRequested',
  'erased',
  'eraseFailed',
] as const;
export type ProfileEvent = (typeof PROFILE_EVENTS)[number];

export type ProfileTransition = ProfileState | 'refused';

/** The whole machine: every state, every event. docs/spec/profile-states.md shows it; a test compares the two. */
export const PROFILE_TRANSITIONS: Readonly<
  Record<ProfileState, Readonly<Record<ProfileEvent, ProfileTransition>>>
> = {
  provisioning: {
    checked: 'provisioned',
    checkFailed: 'provisioningFailed',
    updated: 'provisioning',
    paused: 'provisioning',
    resumed: 'provisioning',
    reset: 'provisioning',
    quarantined: 'provisioning',
    started: 'refused',
    deleteRequested: 'deleting',
    erased: 'refused',
    eraseFailed: 'refused',
  },
  provisioned: {
    checked: 'refused',
    checkFailed: 'refused',
    updated: 'provisioning',
    paused: 'provisioned',
    resumed: 'provisioned',
    reset: 'provisioned',
    quarantined: 'provisioned',
    started: 'provisioned',
    deleteRequested: 'deleting',
    erased: 'refused',
    eraseFailed: 'refused',
  },
  provisioningFailed: {
    checked: 'refused',
    checkFailed: 'refused',
    updated: 'provisioning',
    paused: 'provisioningFailed',
    resumed: 'provisioningFailed',
    reset: 'provisioningFailed',
    quarantined: 'provisioningFailed',
    started: 'refused',
    deleteRequested: 'deleting',
    erased: 'refused',
    eraseFailed: 'refused',
  },
  deleting: {
    checked: 'refused',
    checkFailed: 'refused',
    updated: 'refused',
    paused: 'refused',
    resumed: 'refused',
    reset: 'refused',
    quarantined: 'refused',
    started: 'refused',
    deleteRequested: 'refused',
    erased: 'deleted',
    eraseFailed: 'deletionFailed',
  },
  deletionFailed: {
    checked: 'refused',
    checkFailed: 'refused',
    updated: 'refused',
    paused: 'refused',
    resumed: 'refused',
    reset: 'refused',
    quarantined: 'refused',
    started: 'refused',
    deleteRequested: 'deleting',
    erased: 'refused',
    eraseFailed: 'refused',
  },
  deleted: {
    checked: 'refused',
    checkFailed: 'refused',
    updated: 'refused',
    paused: 'refused',
    resumed: 'refused',
    reset: 'refused',
    quarantined: 'refused',
    started: 'refused',
    deleteRequested: 'refused',
    erased: 'refused',
    eraseFailed: 'refused',
  },
};

/** What is stored after an event. `deletedAt` is set by the step into `deleted` and by no other. */
export interface ProfileStep {
  readonly state: ProfileState;
  readonly updatedAt: Date;
  readonly deletedAt: Date | null;
}

/** The step that the event takes from this state, or `refused`. */
export function transition(state: ProfileState, event: ProfileEvent, now: Date): ProfileStep | 'refused' {
  const next = PROFILE_TRANSITIONS[state][event];
  if (next === 'refused') return 'refused';
  return { state: next, updatedAt: now, deletedAt: next === 'deleted' ? now : null };
}

/** Why the event is refused in this state, and what to do: the message of the 409. */
export function refusalOf(state: ProfileState, event: ProfileEvent): string {
  const action = ACTION_OF[event];
  switch (state) {
    case 'provisioning':
      return `The profile cannot ${action} while its state is provisioning. Get the profile until its state is provisioned, then try again.`;
    case 'provisioningFailed':
      return `The profile cannot ${action} because its settings could not be used (state provisioningFailed). Read the statusMessage of profileStatus, update the profile, wait until its state is provisioned, then try again.`;
    case 'deleting':
      return `The profile cannot ${action}: it is being deleted. Create a new profile with the same displayName to go on; it takes over what this one linked.`;
    case 'deletionFailed':
      return `The profile cannot ${action}: its deletion failed half-way. Delete it again.`;
    case 'deleted':
      return `The profile cannot ${action}: it is deleted. Create a new profile with the same displayName to go on.`;
    case 'provisioned':
      return `The profile cannot ${action} in the state provisioned.`;
  }
}

const ACTION_OF: Readonly<Record<ProfileEvent, string>> = {
  checked: 'be provisioned',
  checkFailed: 'be provisioned',
  updated: 'be updated',
  paused: 'be paused',
  resumed: 'be resumed',
  reset: 'be reset',
  quarantined: 'be put into quarantine',
  started: 'be started',
  deleteRequested: 'be deleted',
  erased: 'be erased',
  eraseFailed: 'be erased',
};
