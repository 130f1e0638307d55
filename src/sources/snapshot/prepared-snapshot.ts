import {
  installSnapshot,
  nextSnapshotPath,
  readSnapshotHead,
  removeSnapshot,
  type SnapshotPlace,
  snapshotPath,
} from './snapshot-file.ts';

/** The snapshot that the stage of a run prepared, as if every item were applied. */
export interface PreparedSnapshot {
  /** Every item was applied: it becomes the snapshot of that generation. */
  promote(generation: number): Promise<void>;
  /** Not everything was: the next run rebuilds the snapshot from the directory. */
  discard(): Promise<void>;
}

/** What the stage of `runId` prepared. A run without changes prepares nothing when the snapshot is current already. */
export function preparedSnapshot(place: SnapshotPlace, runId: string): PreparedSnapshot {
  const next = nextSnapshotPath(place);
  return {
    async promote(generation) {
      const head = await readSnapshotHead(next, place);
      if (head?.runId === runId) await installSnapshot(place, generation);
    },
    async discard() {
      await removeSnapshot(next);
      await removeSnapshot(snapshotPath(place));
    },
  };
}
