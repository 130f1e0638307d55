import { OperationalError } from '#lib/errors.ts';

import { QUARANTINE_AFTER } from './retry.ts';
import type { RunState } from './run-state.ts';

/** How far a run is: its state and, while it is applied, the pass and the last item that is in the directory. */
export interface RunReach {
  readonly state: RunState;
  readonly pass: number;
  readonly itemNo: number;
}

/**
 * Workers that died over a run one after the other, or gave no sign of life, while it got no further. As it is stored with a claim (detail of the event
 * `claimed`). A worker that gives its run back has not died, and ends the row; so does an attempt after the run broke off for another reason, or
 * after somebody let it go on.
 */
export interface WorkerDeaths {
  readonly count: number;
  /** When the first of them took the run: an ISO time of the database. */
  readonly since: string;
  /** The furthest that any of them got. */
  readonly reached: RunReach;
}

/** As many as breaks put a profile into quarantine: a worker that dies tells as much against the run as one that breaks off. */
const TOO_MANY = QUARANTINE_AFTER;

/**
 * And no sooner than as many leases take that are as long as usual (LEASE_SECONDS, 30). With a short lease, workers that are ended by force some times
 * in a minute, by a machine that restarts or by a test, are no sign of anything.
 */
const NOT_BEFORE_SECONDS = TOO_MANY * 30;

const STAGES: readonly RunState[] = ['staging', 'planning', 'applying'];

/** One more died. `before`: the row so far; `claimedAt`: when this one took the run; `at`: how far the run is now. */
export function afterDeath(
  before: WorkerDeaths | null,
  death: { readonly claimedAt: Date; readonly at: RunReach },
): WorkerDeaths {
  if (before !== null && !isFurther(death.at, before.reached)) return { ...before, count: before.count + 1 };
  return { count: 1, since: death.claimedAt.toISOString(), reached: death.at };
}

/** What was staged or planned by half is made anew, so only a stage that was reached for the first time, or an item, counts as further. */
function isFurther(at: RunReach, reached: RunReach): boolean {
  const steps = [
    STAGES.indexOf(at.state) - STAGES.indexOf(reached.state),
    at.pass - reached.pass,
    at.itemNo - reached.itemNo,
  ];
  return (steps.find((step) => step !== 0) ?? 0) > 0;
}

/** Whether the next worker would die as well, for all we know. `now`: the database's. */
export function areTooMany(deaths: WorkerDeaths, now: Date): boolean {
  const seconds = (now.getTime() - Date.parse(deaths.since)) / 1000;
  return deaths.count >= TOO_MANY && seconds >= NOT_BEFORE_SECONDS;
}

/** What is stored with a claim; null: nothing, or what an older version left there. */
export function readWorkerDeaths(stored: unknown): WorkerDeaths | null {
  return typeof stored === 'object' && stored !== null ? (stored as WorkerDeaths) : null;
}

/** Code of a run that is left alone since its workers die. */
export const WORKER_DIED = 'WorkerDied';

/** It counts against the profile: no retry mends it. */
export class WorkerDiedError extends OperationalError {
  override readonly name = 'WorkerDiedError';
  readonly deaths: number;
  constructor(deaths: WorkerDeaths, planOnly: boolean) {
    const again = planOnly
      ? 'make the preview again'
      : 'resume the profile; or upload other files and start it';
    super(
      WORKER_DIED,
      `${deaths.count} workers in a row died over this run, or gave no sign of life, and it got no further. ` +
        'Most often they were out of memory: look into the log of the machine and of the workers, and run rollbook doctor there. ' +
        `Give the workers more memory, then ${again}.`,
    );
    this.deaths = deaths.count;
  }
}
