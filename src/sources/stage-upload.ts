import { openSecretBox } from '#access/open-secret-box.ts';
import type { SecretKey } from '#access/secret-key.ts';
import { type FileStoreOptions, openFileStore } from '#files/open-file-store.ts';
import { newIds } from '#lib/new-ids.ts';
import { randomPool } from '#lib/random-pool.ts';
import { uuidBytes } from '#storage/stage/binary-copy-writer.ts';
import { copyFindings } from '#storage/stage/stage-copy.ts';
import { fenceStage, openStageSession, type StageSession } from '#storage/stage/stage-session.ts';
import { saveMergedUpload } from '#storage/uploads/save-merged-upload.ts';

import type { RosterFormat } from '#core/roster/formats.ts';

import type { MappingSettings, StageResult } from './contract.ts';
import { copyItems } from './copy-items.ts';
import { fingerprintOf, stageRoster } from './csv/stage-roster.ts';
import { withDigestThreads } from './csv/threads/digest-threads.ts';
import { FindingCollector, type FindingLimits } from './finding-collector.ts';
import { prepareRoster, withRows } from './merge/prepare-roster.ts';
import type { EarlierStoredSet, StoredSet } from './merge/stored-set.ts';
import { loadSnapshot } from './snapshot/load-snapshot.ts';
import {
  nextSnapshotPath,
  removeNextSnapshots,
  removeSnapshot,
  type SnapshotPlace,
  writeSnapshot,
} from './snapshot/snapshot-file.ts';
import type { ZipLimits } from './zip/zip-entry.ts';

/** All that a stage needs, as plain data for a worker thread. */
export interface StageInput {
  readonly tenantId: string;
  readonly runId: string;
  /** The epoch of the caller's claim: what is staged is committed only while it holds. */
  readonly epoch: number;
  /** Database.schemaFence of the caller: what is staged is committed only while nothing newer has migrated. */
  readonly knownSchema?: number | undefined;
  readonly sourceSystemId: string;
  /** Of rollbook_app. */
  readonly connectionString: string;
  /** Where the files of `upload` and `earlier` are. */
  readonly store: FileStoreOptions;
  readonly upload: StoredSet;
  /** What delta files would change: the newest whole set, and behind it uploads that no run has read. */
  readonly earlier: readonly EarlierStoredSet[];
  readonly mapping: MappingSettings;
  /** Null: to be recognized. */
  readonly format: RosterFormat | null;
  /** 32 bytes: tenant_secret.hash_key, opened. */
  readonly hashKey: Uint8Array;
  /** Initial passwords are sealed under the newest. */
  readonly secretKeys: readonly SecretKey[];
  /** `DATA_DIR/snapshots`. */
  readonly snapshotsDirectory: string;
  /** Lower case. */
  readonly confirmedFiles: readonly string[];
  readonly zipLimits: ZipLimits;
  /** Threads that look at rows of large files beforehand. */
  readonly readThreads: number;
  readonly findingLimits: FindingLimits;
}

export interface StageProgress {
  readonly stage: 'extracting' | 'validating';
  readonly rowsDone: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/**
 * Stages a sealed upload: snapshot, files, then items and findings in one transaction of its own, committed at the end if the
 * caller's epoch still holds the run; and the next snapshot beside the current one. What an earlier attempt staged must be
 * gone (discardStaged). With a fatal finding only findings are stored.
 * Errors: LeaseLostError; OperationalError of the file store; whatever the database says.
 */
export async function stageUpload(
  input: StageInput,
  onProgress: (progress: StageProgress) => void,
): Promise<StageResult> {
  const session = await openStageSession(input.connectionString, input.tenantId, input.runId);
  try {
    return await Promise.race([stageIn(session, input, onProgress), session.lost]);
  } finally {
    await session.close().catch(() => undefined);
  }
}

async function stageIn(
  session: StageSession,
  input: StageInput,
  onProgress: (progress: StageProgress) => void,
): Promise<StageResult> {
  const { mapping, runId, upload } = input;
  const nowMs = (): number => performance.now();
  const uploadBytes = sumOfSizes(upload.files);
  onProgress({ stage: 'extracting', rowsDone: 0, bytesDone: 0, bytesTotal: uploadBytes });
  const place: SnapshotPlace = {
    directory: input.snapshotsDirectory,
    tenantId: input.tenantId,
    sourceSystemId: input.sourceSystemId,
  };
  const startedMs = nowMs();
  await removeNextSnapshots(place);
  const { index, fingerprint, origin } = await loadSnapshot(session, place);
  const loadedMs = nowMs();

  const random = randomPool();
  const secretBox = openSecretBox(input.secretKeys, { randomBytes: random });
  const findings = new FindingCollector(input.findingLimits);
  const items = copyItems(session, uuidBytes(runId), index);
  const prepared = await prepareRoster(
    { ...input, store: openFileStore(input.store) },
    {
      newId: newIds(random),
      randomBytes: (size) => Buffer.from(random(size)),
      secretBox,
      save: async (merged, isOfRun) => {
        await session.begin();
        await saveMergedUpload(session.client, merged, input, isOfRun);
        await session.commit();
      },
    },
    findings,
  );
  const { roster } = prepared;
  const preparedMs = nowMs();
  const bytesTotal = sumOfSizes(roster.files);
  const { result, isCurrent } = await withDigestThreads(input.readThreads, (digest) =>
    stageRoster(
      {
        digest,
        roster,
        mapping,
        format: input.format,
        ...(prepared.recognized === null ? {} : { recognized: prepared.recognized }),
        hashKey: input.hashKey,
        index,
        snapshotFingerprint: fingerprint,
        confirmedFiles: input.confirmedFiles,
      },
      {
        items,
        findings,
        newId: newIds(random),
        sealPassword: (password) => secretBox.seal(Buffer.from(password)),
        nowMs,
        onProgress: ({ rowsDone, bytesDone }) =>
          onProgress({ stage: 'validating', rowsDone, bytesDone, bytesTotal }),
      },
    ),
  );
  const readMs = nowMs();
  await items.finish();
  if (result.fatal) await session.begin();
  await copyFindings(session.client, uuidBytes(runId), findings.kept);
  await fenceStage(session.client, input);
  await session.commit();
  const committedMs = nowMs();
  // Without a change the file that was read stays right; the lists of the tenant may have changed, and no record with them.
  const current = fingerprintOf(mapping).toString('hex');
  if (!result.fatal && (result.itemCount > 0 || origin === 'directory' || fingerprint !== current)) {
    const head = { generation: -1, runId, fingerprint: current };
    const path = nextSnapshotPath(place, runId, input.epoch);
    // A disk that is full costs the next run some time; it is no reason to stop this one.
    await writeSnapshot(path, place, head, index, isCurrent).catch(() => removeSnapshot(path));
  }
  return {
    ...result,
    merge: prepared.merge === null ? null : withRows(prepared.merge, result),
    mergedUpload: prepared.mergedUpload,
    timings: {
      ...result.timings,
      ...(prepared.mergedUpload === null ? {} : { merge: Math.round(preparedMs - loadedMs) }),
      snapshot: Math.round(loadedMs - startedMs),
      commit: Math.round(committedMs - readMs),
      nextSnapshot: Math.round(nowMs() - committedMs),
    },
  };
}

function sumOfSizes(files: readonly { readonly sizeBytes: number }[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
