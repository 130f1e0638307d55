import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';

import type { RosterFormat } from '#core/roster/formats.ts';
import type { Finding } from '#core/findings.ts';
import type { RowTotals } from '#core/validate/validation-report.ts';
import type { System } from '#lib/system.ts';

import type { MappingSettings, StageResult, UploadedFile } from './contract.ts';
import { stageRoster } from './csv/stage-roster.ts';
import { FINDING_LIMITS, FindingCollector, type FindingLimits } from './finding-collector.ts';
import { noItems } from './item-sink.ts';
import { openRoster } from './open-roster.ts';
import { RowTally } from './row-tally.ts';
import { RecordIndex, RECORDS_IN_MEMORY } from './snapshot/record-index.ts';

export interface FileValidation {
  readonly result: StageResult;
  /** As many as `limits` keeps; `result.findingCounts` has them all. */
  readonly findings: readonly Finding[];
  readonly rowTotals: RowTotals;
}

export interface ValidationProgress {
  readonly rowsDone: number;
  readonly bytesDone: number;
  /** Of the files, unpacked. */
  readonly bytesTotal: number;
}

/** A file on this computer. */
export interface FileOnDisk {
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * Checks roster files, or a zip of them, as a first sync of a new profile would, without a database: nothing is stored, nothing
 * is compared. Delta files are checked by themselves. Errors: what the file system says.
 */
export async function validateFiles(
  files: readonly FileOnDisk[],
  mapping: MappingSettings,
  system: Pick<System, 'randomBytes'>,
  format: RosterFormat | null = null,
  limits: FindingLimits = FINDING_LIMITS,
  onProgress?: (progress: ValidationProgress) => void,
): Promise<FileValidation> {
  const rows = new RowTally(system.randomBytes(4).readInt32LE());
  const findings = new FindingCollector(limits, rows);
  const roster = await openRoster(files.map(onDisk), findings);
  const bytesTotal = roster.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const { result } = await stageRoster(
    {
      roster,
      mapping,
      format,
      hashKey: system.randomBytes(32),
      index: new RecordIndex(1024, { directory: tmpdir(), recordsInMemory: RECORDS_IN_MEMORY }),
      snapshotFingerprint: null,
      confirmedFiles: [],
      alone: true,
    },
    {
      items: noItems,
      findings,
      newId: () => '',
      sealPassword: () => null,
      nowMs: () => performance.now(),
      onProgress: ({ rowsDone, bytesDone }) => onProgress?.({ rowsDone, bytesDone, bytesTotal }),
    },
  );
  return { result, findings: findings.kept, rowTotals: rows.totals() };
}

function onDisk({ name, path, sizeBytes }: FileOnDisk): UploadedFile {
  return {
    name,
    sizeBytes,
    read: (range) => readPart(path, range?.start ?? 0, range?.sizeBytes ?? null),
  };
}

/** To the end of the file when no size is given; `end` of a stream is the last byte that is read. */
function readPart(path: string, start: number, sizeBytes: number | null): AsyncIterable<Uint8Array> {
  if (sizeBytes === 0) return Readable.from([]);
  const options = { start, highWaterMark: 1024 * 1024 };
  return createReadStream(path, sizeBytes === null ? options : { ...options, end: start + sizeBytes - 1 });
}
