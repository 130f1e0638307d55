import { asOwner, type Database } from '#storage/database.ts';
import { findKnownObjects } from '#storage/uploads/find-known-objects.ts';
import type { FileStore } from './file-store.ts';

const DAY_MS = 86_400_000;
const BATCH = 1000;

/**
 * Housekeeping: removes objects that no upload names, and writes that were never finished, both older than a day. They are
 * what a crash between the disk and the database leaves. The age keeps away from uploads under way. Safe at any time and
 * in several processes at once.
 * @returns how many were removed.
 */
export async function removeOrphans(context: {
  readonly db: Database;
  readonly files: FileStore;
  readonly now: Date;
  readonly minAgeMs?: number;
  /** Ends it between two objects; the rest is found again. */
  readonly signal?: AbortSignal | undefined;
}): Promise<number> {
  const { db, files, now, minAgeMs = DAY_MS, signal } = context;
  const olderThan = new Date(now.getTime() - minAgeMs);
  let removed = await files.removeUnfinished(olderThan);
  let batch: string[] = [];
  const flush = async (): Promise<void> => {
    const known = await asOwner(db, (tx) => findKnownObjects(tx, batch));
    for (const objectName of batch) {
      if (known.has(objectName) || signal?.aborted) continue;
      await files.remove(objectName);
      removed += 1;
    }
    batch = [];
  };
  for await (const { objectName, modifiedAt } of files.list()) {
    if (signal?.aborted) return removed;
    if (modifiedAt >= olderThan) continue;
    batch.push(objectName);
    if (batch.length === BATCH) await flush();
  }
  if (batch.length > 0) await flush();
  return removed;
}
