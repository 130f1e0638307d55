import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Finding } from '#core/findings.ts';
import type { RowTotals } from '#core/validate/validation-report.ts';
import type { System } from '#lib/system.ts';

import type { MappingSettings, SourceFile, StageResult } from './contract.ts';
import { SDS_V1_FILES } from './csv/sds-v1.ts';
import { stageRoster } from './csv/stage-roster.ts';
import { FINDING_LIMITS, FindingCollector } from './finding-collector.ts';
import { noItems } from './item-sink.ts';
import { RowTally } from './row-tally.ts';
import { RecordIndex } from './snapshot/record-index.ts';

export interface FolderValidation {
  readonly result: StageResult;
  /** As many as are kept of a run; `result.findingCounts` has them all. */
  readonly findings: readonly Finding[];
  readonly rowTotals: RowTotals;
}

/**
 * Checks the CSV files of a folder as a first sync of a new profile would, without a database: nothing is stored, nothing is
 * compared. Files that are not part of SDS V1 are left alone, as `rollbook sync` does. Errors: what the file system says.
 */
export async function validateFolder(
  path: string,
  mapping: MappingSettings,
  system: Pick<System, 'randomBytes'>,
): Promise<FolderValidation> {
  const rows = new RowTally(system.randomBytes(4).readInt32LE());
  const findings = new FindingCollector(FINDING_LIMITS, rows);
  const { result } = await stageRoster(
    {
      files: await openFolder(path),
      mapping,
      hashKey: system.randomBytes(32),
      index: new RecordIndex(),
      snapshotFingerprint: null,
      confirmedFiles: [],
    },
    {
      items: noItems,
      findings,
      newId: () => '',
      sealPassword: () => null,
      nowMs: () => performance.now(),
    },
  );
  return { result, findings: findings.kept, rowTotals: rows.totals() };
}

/** The files of SDS V1 in a folder, as a source. */
export async function openFolder(path: string): Promise<SourceFile[]> {
  const names = (await readdir(path)).filter(isOfFormat).toSorted();
  return Promise.all(
    names.map(async (name) => ({
      name,
      sizeBytes: (await stat(join(path, name))).size,
      open: () => createReadStream(join(path, name), { highWaterMark: 1024 * 1024 }),
    })),
  );
}

function isOfFormat(name: string): boolean {
  return SDS_V1_FILES.some((file) => file.name === name.toLowerCase());
}
