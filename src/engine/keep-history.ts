import { DELTA_DAYS } from '#core/query/delta-links.ts';
import { asOwner, type Database } from '#storage/database.ts';
import { forgetMembershipChanges } from '#storage/directory/forget-membership-changes.ts';
import { erasePasswords, findRunsWithPasswords } from '#storage/runs/erase-passwords.ts';
import {
  dropPartition,
  findRemovablePartitions,
  findRemovableRuns,
  type OldRun,
  removeRun,
  removeRunRows,
} from '#storage/runs/remove-old-runs.ts';
import { tryEach } from '#storage/try-each.ts';

export interface KeepHistoryContext {
  readonly db: Database;
  /** Days that a run is kept after its end. */
  readonly runRetentionDays: number;
  /** Rows of one transaction; tests have fewer. */
  readonly portionRows?: number;
  /** Ends it between two portions; what is left is done the next time. */
  readonly signal?: AbortSignal | undefined;
}

/** Runs of one pass: what is left of a long backlog is for the next. */
const PASS_RUNS = 500;
const PORTION_ROWS = 10_000;

/**
 * Takes out of the history what is too old: whole months first, then single runs, the oldest first, in portions. A run is there until
 * its last row is gone, so a crash leaves nothing that is not found again. One that cannot be removed keeps no other from it.
 */
export async function removeOldRuns(
  context: KeepHistoryContext,
): Promise<{ runs: number; partitions: number }> {
  const { db, signal, runRetentionDays: retentionDays } = context;
  let partitions = 0;
  for (const name of await asOwner(db, (tx) => findRemovablePartitions(tx, retentionDays))) {
    if (signal?.aborted) break;
    // Somebody is at work: the rest is tried the next time, and nobody waits behind it now.
    if (!(await asOwner(db, (tx) => dropPartition(tx, name)))) break;
    partitions += 1;
  }
  const old = await asOwner(db, (tx) => findRemovableRuns(tx, { retentionDays, limit: PASS_RUNS }));
  const removeWhole = async (run: OldRun): Promise<void> => {
    let more = true;
    while (more && !signal?.aborted)
      more = await asOwner(db, (tx) => removeRunRows(tx, run, context.portionRows ?? PORTION_ROWS));
    if (!signal?.aborted) await asOwner(db, (tx) => removeRun(tx, run));
  };
  const runs = await tryEach(old, removeWhole, () => signal?.aborted === true);
  return { runs, partitions };
}

/** Initial passwords of runs that ended more than a day ago are gone from the history. @returns the runs that were looked at. */
export async function forgetPasswords(
  context: Omit<KeepHistoryContext, 'runRetentionDays'>,
): Promise<number> {
  const { db, signal } = context;
  const limit = context.portionRows ?? PORTION_ROWS;
  const forget = async (run: OldRun): Promise<void> => {
    let afterItemNo: number | null = 0;
    while (afterItemNo !== null && !signal?.aborted) {
      const portion: { afterItemNo: number; limit: number } = { afterItemNo, limit };
      afterItemNo = await asOwner(db, (tx) => erasePasswords(tx, run, portion));
    }
  };
  const runs = await asOwner(db, (tx) => findRunsWithPasswords(tx, PASS_RUNS));
  return tryEach(runs, forget, () => signal?.aborted === true);
}

/** Which classes had other members, for longer ago than anybody may ask. */
export async function forgetOldMembershipChanges(
  context: Omit<KeepHistoryContext, 'runRetentionDays'>,
): Promise<void> {
  const limit = context.portionRows ?? PORTION_ROWS;
  let more = true;
  while (more && !context.signal?.aborted)
    more = await asOwner(context.db, (tx) => forgetMembershipChanges(tx, DELTA_DAYS, limit));
}
