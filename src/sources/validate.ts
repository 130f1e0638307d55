import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { RosterFormat } from '#core/roster/formats.ts';
import type { Finding } from '#core/findings.ts';
import type { System } from '#lib/system.ts';

import type { MappingSettings, SourceFile, StageResult } from './contract.ts';
import { ROSTER_FILES } from './csv/formats.ts';
import { stageRoster } from './csv/stage-roster.ts';
import { FindingCollector } from './finding-collector.ts';
import { noItems } from './item-sink.ts';
import { RecordIndex } from './snapshot/record-index.ts';

export interface FolderValidation {
  readonly result: StageResult;
  /** As many as are kept of a run; `result.findingCounts` has them all. */
  readonly findings: readonly Finding[];
}

/**
 * Checks the CSV files of a folder as a first sync of a new profile would, without a database: nothing is stored, nothing is
 * compared. Files that are part of no format are left alone, as `rollbook sync` does. Errors: what the file system says.
 */
export async function validateFolder(
  path: string,
  mapping: MappingSettings,
  system: Pick<System, 'randomBytes'>,
  format: RosterFormat | null = null,
): Promise<FolderValidation> {
  const findings = new FindingCollector();
  const { result } = await stageRoster(
    {
      files: await openFolder(path),
      mapping,
      format,
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
  return { result, findings: findings.kept };
}

/** The files of any format in a folder, as a source. */
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
  return ROSTER_FILES.has(name.toLowerCase());
}
