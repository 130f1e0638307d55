/**
 * What Rollbook does with the files of a roster before it plans: read, check, compare with the snapshot of the time before. The store, its
 * encryption and the database are left out. Run as a process of its own:
 * `node bench/stage-alone.ts <folder> <snapshot directory> [--write] [--threads N] [--records-in-memory N]` prints a StageMeasure as JSON. With --write it
 * leaves the snapshot of this roster there. --threads: those that look at rows beforehand, of files of any size; without it one for each core, as in
 * a run. --records-in-memory: when there are more, they are on a disk; without it as many as in a run.
 */
import { createReadStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

import { KINDS } from '#core/roster/kinds.ts';
import { newIds } from '#lib/new-ids.ts';
import { randomPool } from '#lib/random-pool.ts';
import { stageRoster } from '#sources/csv/stage-roster.ts';
import { withDigestThreads } from '#sources/csv/threads/digest-threads.ts';
import { FINDING_LIMITS, FindingCollector } from '#sources/finding-collector.ts';
import { noItems } from '#sources/item-sink.ts';
import { openRoster } from '#sources/open-roster.ts';
import { RecordIndex, RECORDS_IN_MEMORY } from '#sources/snapshot/record-index.ts';
import {
  nextSnapshotPath,
  readSnapshot,
  type SnapshotPlace,
  snapshotPath,
  writeSnapshot,
} from '#sources/snapshot/snapshot-file.ts';
import { filesOnDisk } from '#test/helpers/files-on-disk.ts';
import { CREATE_MAPPING } from '#test/helpers/stage-upload.ts';

import { type ProcessMeasure, measureProcess } from './process-measure.ts';

export interface StageMeasure extends ProcessMeasure {
  readonly rows: number;
  readonly created: number;
  readonly updated: number;
  readonly ended: number;
  readonly findings: number;
  /** Milliseconds by file and step. */
  readonly timings: Readonly<Record<string, number>>;
}

const {
  values: { write, threads, 'records-in-memory': recordsInMemory },
  positionals: [folder = '.', snapshots = '.'],
} = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    threads: { type: 'string' },
    'records-in-memory': { type: 'string', default: String(RECORDS_IN_MEMORY) },
  },
  allowPositionals: true,
});
const ZERO = '00000000-0000-0000-0000-000000000000';
const place: SnapshotPlace = { directory: snapshots, tenantId: ZERO, sourceSystemId: ZERO };
const done = measureProcess();
const spill = { directory: snapshots, recordsInMemory: Number(recordsInMemory) };
const before = await readSnapshot(snapshotPath(place), place, spill);
const index = before?.index ?? new RecordIndex(1024, spill);
const loadedMs = Math.round(done().seconds * 1000);
const findings = new FindingCollector(FINDING_LIMITS);
const files = (await filesOnDisk(folder)).map(({ name, path, sizeBytes }) => ({
  name,
  sizeBytes,
  read: (range?: { readonly start: number; readonly sizeBytes?: number }) =>
    createReadStream(path, {
      highWaterMark: 1 << 20,
      start: range?.start ?? 0,
      ...(range?.sizeBytes === undefined ? {} : { end: range.start + range.sizeBytes - 1 }),
    }),
}));
const { result, isCurrent } = await withDigestThreads(
  Number(threads ?? availableParallelism()),
  async (digest) =>
    stageRoster(
      {
        digest,
        roster: await openRoster(files, findings),
        mapping: CREATE_MAPPING,
        format: null,
        hashKey: Buffer.alloc(32, 7),
        index,
        snapshotFingerprint: before?.head.fingerprint ?? null,
        confirmedFiles: [],
      },
      {
        items: noItems,
        findings,
        newId: newIds(randomPool()),
        sealPassword: () => null,
        nowMs: () => performance.now(),
      },
    ),
  threads === undefined ? undefined : 0,
);
const measure = done();
if (write) {
  const head = {
    generation: 1,
    runId: ZERO,
    fingerprint: before?.head.fingerprint ?? ZERO.replaceAll('-', ''),
  };
  await writeSnapshot(nextSnapshotPath(place, ZERO), place, head, index, isCurrent);
  await rename(nextSnapshotPath(place, ZERO), snapshotPath(place));
}
const sum = (name: 'created' | 'updated' | 'ended'): number =>
  KINDS.reduce((total, kind) => total + result.kinds[kind][name], 0);
console.log(
  JSON.stringify({
    ...measure,
    rows: result.files.reduce((total, file) => total + file.rows, 0),
    created: sum('created'),
    updated: sum('updated'),
    ended: sum('ended'),
    findings: result.findingCounts.reduce((total, { rowCount }) => total + rowCount, 0),
    timings: { snapshot: loadedMs, ...result.timings },
  } satisfies StageMeasure),
);
