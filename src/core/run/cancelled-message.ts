/** How far a run had come when it was cancelled. */
export interface CancelledRun {
  /** Display name of who cancelled it. */
  readonly who: string;
  /** Batches of its plan are in the directory. */
  readonly touched: boolean;
  /** Changes that are in the directory, and all that the plan had; 0 without a plan. */
  readonly done: number;
  readonly total: number;
}

/** The sentence that stands in the run, its answer and the status: who stopped it, and what of it is in the directory. */
export function cancelledMessage({ who, touched, done, total }: CancelledRun): string {
  if (!touched) return `Cancelled by ${who} before anything was changed.`;
  if (done >= total) return `Cancelled by ${who} after all ${total} changes, before the run was complete.`;
  return `Cancelled by ${who} after ${done} of ${total} changes; the rest was not applied.`;
}
