import { copyCurrentRecords, readSnapshotGeneration } from '#storage/snapshot/copy-current-records.ts';
import type { StageSession } from '#storage/stage/stage-session.ts';

import { RecordIndex, RECORDS_IN_MEMORY } from './record-index.ts';
import { readSnapshot, removeSnapshot, type SnapshotPlace, snapshotPath } from './snapshot-file.ts';

export interface LoadedSnapshot {
  readonly index: RecordIndex;
  /** Settings its contents were hashed under; null: rebuilt, so not known. */
  readonly fingerprint: string | null;
  readonly origin: 'file' | 'directory';
}

/**
 * The records that are current in the directory from a source system: from the file when it belongs to the generation the
 * database is at, else from link, role and enrollment rows. One transaction, so that both fit together; after an error the caller closes the session.
 */
export async function loadSnapshot(session: StageSession, place: SnapshotPlace): Promise<LoadedSnapshot> {
  await session.begin('repeatable read, read only');
  const generation = await readSnapshotGeneration(session.client, place.sourceSystemId);
  const path = snapshotPath(place);
  const spill = { directory: place.directory, recordsInMemory: RECORDS_IN_MEMORY };
  const found = await readSnapshot(path, place, spill);
  if (found?.head.generation === generation) {
    await session.rollback();
    return { index: found.index, fingerprint: found.head.fingerprint, origin: 'file' };
  }
  found?.index.close();
  // It must not lie about until the generation happens to be the same again (after a restore).
  await removeSnapshot(path);
  const index = new RecordIndex(1024, spill);
  await copyCurrentRecords(session.client, place.sourceSystemId, ({ keys, contents, codes, described }) => {
    for (let row = 0; row < codes.length; row += 1)
      index.add(
        keys.subarray(row * 4, row * 4 + 4),
        contents.subarray(row * 2, row * 2 + 2),
        codes[row] as number,
        0,
        described[row],
      );
  });
  await session.rollback();
  return { index, fingerprint: null, origin: 'directory' };
}
