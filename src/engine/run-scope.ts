import type { ClaimedRun } from '#storage/runs/claim-run.ts';

import type { RunLease } from './run-lease.ts';
import type { ProgressReporter } from './run-progress.ts';

/** One claimed run, as its stages see it. */
export interface RunScope {
  readonly tenantId: string;
  readonly run: ClaimedRun;
  readonly lease: RunLease;
  readonly progress: ProgressReporter;
}

/** A run on files that were let in before, for what is in escrow alone. */
export function isRetry(run: ClaimedRun): boolean {
  return run.trigger === 'retry';
}

/** A run that puts back what an expiration changed. */
export function isExpirationUndo(run: ClaimedRun): boolean {
  return run.trigger === 'expirationUndo';
}

/** A run without files, for what follows the expiration of its profile. */
export function isExpiration(run: ClaimedRun): boolean {
  return run.trigger === 'expiration';
}
