import { unreachable } from '#lib/assert.ts';

/**
 * The states of a run. `held` waits for a decision, `suspended` for its profile to be resumed, `broken` for its next
 * attempt. The last four are final.
 */
export const RUN_STATES = [
  'queued',
  'staging',
  'planning',
  'held',
  'applying',
  'suspended',
  'broken',
  'completed',
  'superseded',
  'cancelled',
  'rejected',
] as const;
export type RunState = (typeof RUN_STATES)[number];

/**
 * claimed: a worker took the lease. staged: the roster is read, checked and staged. stopped: validation stopped it
 * (a fault of a whole file, or record errors above tolerance) or the verdict holds the plan. planned: the verdict lets
 * the plan pass. accepted: an administrator said `resume`. appliedAll: every item is in the directory or has its
 * failure; an empty plan is there at once. partApplied: the same, but for what is held. rejected: an administrator turned the plan down. broke: something that is not in the data stands in the way. paused: the profile
 * was paused. replaced: a newer start took its place. cancel: an administrator cancelled the run, or the profile was reset or
 * deleted.
 */
export const RUN_EVENTS = [
  'claimed',
  'staged',
  'stopped',
  'planned',
  'accepted',
  'appliedAll',
  'partApplied',
  'rejected',
  'broke',
  'paused',
  'replaced',
  'cancel',
] as const;
export type RunEvent = (typeof RUN_EVENTS)[number];

/** What an event does in a state: the next state, or a refusal. `claimed` continues in the stage that was left. */
export type RunTransition = RunState | 'refused';

/** The whole machine: every state, every event. docs/spec/run-states.md shows it; a test compares the two. */
export const RUN_TRANSITIONS: Readonly<Record<RunState, Readonly<Record<RunEvent, RunTransition>>>> = {
  queued: {
    claimed: 'staging',
    staged: 'refused',
    stopped: 'refused',
    planned: 'refused',
    accepted: 'refused',
    appliedAll: 'refused',
    partApplied: 'refused',
    rejected: 'refused',
    broke: 'broken',
    paused: 'suspended',
    replaced: 'superseded',
    cancel: 'cancelled',
  },
  staging: {
    claimed: 'staging',
    staged: 'planning',
    stopped: 'held',
    planned: 'refused',
    accepted: 'refused',
    appliedAll: 'refused',
    partApplied: 'refused',
    rejected: 'refused',
    broke: 'broken',
    paused: 'suspended',
    replaced: 'refused',
    cancel: 'cancelled',
  },
  planning: {
    claimed: 'staging',
    staged: 'refused',
    stopped: 'held',
    planned: 'applying',
    accepted: 'refused',
    appliedAll: 'refused',
    partApplied: 'refused',
    rejected: 'refused',
    broke: 'broken',
    paused: 'suspended',
    replaced: 'refused',
    cancel: 'cancelled',
  },
  held: {
    claimed: 'refused',
    staged: 'refused',
    stopped: 'refused',
    planned: 'refused',
    accepted: 'queued',
    appliedAll: 'refused',
    partApplied: 'refused',
    rejected: 'rejected',
    broke: 'refused',
    paused: 'refused',
    replaced: 'superseded',
    cancel: 'cancelled',
  },
  applying: {
    claimed: 'applying',
    staged: 'refused',
    stopped: 'refused',
    planned: 'refused',
    accepted: 'refused',
    appliedAll: 'completed',
    partApplied: 'held',
    rejected: 'refused',
    broke: 'broken',
    paused: 'suspended',
    replaced: 'refused',
    cancel: 'cancelled',
  },
  suspended: {
    claimed: 'refused',
    staged: 'refused',
    stopped: 'refused',
    planned: 'refused',
    accepted: 'queued',
    appliedAll: 'refused',
    partApplied: 'refused',
    rejected: 'refused',
    broke: 'refused',
    paused: 'refused',
    replaced: 'superseded',
    cancel: 'cancelled',
  },
  broken: {
    claimed: 'staging',
    staged: 'refused',
    stopped: 'refused',
    planned: 'refused',
    accepted: 'queued',
    appliedAll: 'refused',
    partApplied: 'refused',
    rejected: 'refused',
    broke: 'refused',
    paused: 'suspended',
    replaced: 'superseded',
    cancel: 'cancelled',
  },
  completed: {
    claimed: 'refused',
    staged: 'refused',
    stopped: 'refused',
    planned: 'refused',
    accepted: 'refused',
    appliedAll: 'refused',
    partApplied: 'refused',
    rejected: 'refused',
    broke: 'refused',
    paused: 'refused',
    replaced: 'refused',
    cancel: 'refused',
  },
  superseded: {
    claimed: 'refused',
    staged: 'refused',
    stopped: 'refused',
    planned: 'refused',
    accepted: 'refused',
    appliedAll: 'refused',
    partApplied: 'refused',
    rejected: 'refused',
    broke: 'refused',
    paused: 'refused',
    replaced: 'refused',
    cancel: 'refused',
  },
  cancelled: {
    claimed: 'refused',
    staged: 'refused',
    stopped: 'refused',
    planned: 'refused',
    accepted: 'refused',
    appliedAll: 'refused',
    partApplied: 'refused',
    rejected: 'refused',
    broke: 'refused',
    paused: 'refused',
    replaced: 'refused',
    cancel: 'refused',
  },
  rejected: {
    claimed: 'refused',
    staged: 'refused',
    stopped: 'refused',
    planned: 'refused',
    accepted: 'refused',
    appliedAll: 'refused',
    partApplied: 'refused',
    rejected: 'refused',
    broke: 'refused',
    paused: 'refused',
    replaced: 'refused',
    cancel: 'refused',
  },
};

/** The state after the event. `planComplete`: a claim goes on with applying when the plan was complete. */
export function nextRunState(state: RunState, event: RunEvent, planComplete = false): RunTransition {
  const next = RUN_TRANSITIONS[state][event];
  return event === 'claimed' && next === 'staging' && planComplete ? 'applying' : next;
}

/** The states in which an event is accepted, in the order of RUN_STATES: the `where state = any(…)` of a guarded update. */
export function statesAccepting(event: RunEvent): RunState[] {
  return RUN_STATES.filter((state) => RUN_TRANSITIONS[state][event] !== 'refused');
}

/** Executing right now, by a worker that holds the lease. */
export function isExecuting(state: RunState): boolean {
  return state === 'staging' || state === 'planning' || state === 'applying';
}

/** The run will never do anything again. */
export function isFinal(state: RunState): boolean {
  switch (state) {
    case 'completed':
    case 'superseded':
    case 'cancelled':
    case 'rejected':
      return true;
    case 'queued':
    case 'staging':
    case 'planning':
    case 'held':
    case 'applying':
    case 'suspended':
    case 'broken':
      return false;
    default:
      return unreachable(state);
  }
}
