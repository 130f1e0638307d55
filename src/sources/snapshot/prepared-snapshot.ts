import { rename } from 'node:fs/promises';

import {
  installSnapshot,
  nextSnapshotPath,
  readSnapshotHead,
  removeSnapshot,
  type SnapshotPlace,
  snapshotPath,
} from './snapshot-file.ts';

/**
 * The snapshot that the stage of a run prepared, as if every item were applied. Errors are those of the file system; the snapshot is
 * a cache, so they are no reason to stop a run.
 */
export interface PreparedSnapshot {
  /** The plan made from the stage of that epoch is stored: what it prepared belongs to the plan. */
  confirm(epoch: number): Promise<void>;
  /** Every item was applied: it becomes the snapshot of that generation. */
  promote(generation: number): Promise<void>;
  /** Not everything was: the next run rebuilds the snapshot from the directory. */
  discard(): Promise<void>;
}

/** What the stage of `runId` prepared. A run without changes prepares nothing when the snapshot is current already. */
export function preparedSnapshot(place: SnapshotPlace, runId: string): PreparedSnapshot {
  const next = nextSnapshotPath(place, runId);
  return {
    async confirm(epoch) {
      await rename(nextSnapshotPath(place, runId, epoch), next).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    },
    async promote(generation) {
      const head = await readSnapshotHead(next, place);
      if (head?.runId === runId) await installSnapshot(place, runId, generation);
    },
    async discard() {
      await removeSnapshot(next);
      await removeSnapshot(snapshotPath(place));
    },
  };
}
