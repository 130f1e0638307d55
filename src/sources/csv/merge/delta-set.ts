import type { RosterFormat } from '#core/roster/formats.ts';

import type { MappingSettings, SourceFile } from '../../contract.ts';
import type { FindingCollector } from '../../finding-collector.ts';
import { MANIFEST_FILE } from '../manifest.ts';
import {
  checkOneRosterManifest,
  type FileMode,
  fileModes,
  ONEROSTER_MANIFEST,
  readOneRosterManifest,
} from '../oneroster-manifest.ts';
import { type Recognition, recognizeFormat } from '../recognize-format.ts';
import { sortFiles } from '../sort-files.ts';
import { checkSentFiles } from './check-sent-files.ts';

/** Files of an upload of which some hold changes alone. */
export interface DeltaSet extends Recognition {
  readonly modes: ReadonlyMap<string, FileMode>;
  readonly filesByName: ReadonlyMap<string, SourceFile>;
}

/** Null: all files are whole ones. What speaks against a delta set is in the findings. */
export async function readDeltaSet(
  files: readonly SourceFile[],
  set: RosterFormat | null,
  mapping: MappingSettings,
  findings: FindingCollector,
): Promise<DeltaSet | null> {
  const manifestFile = files.find(({ name }) => name.toLowerCase() === ONEROSTER_MANIFEST);
  const manifest = manifestFile === undefined ? null : await readOneRosterManifest(manifestFile);
  if (manifest === null) return null;
  const recognition = await recognizeFormat(files, set);
  const { definition } = recognition;
  const names = new Set(files.map(({ name }) => name.toLowerCase()));
  const modes = fileModes(manifest, definition, names);
  if (modes === null) return null;
  const sentFile = files.find(({ name }) => name.toLowerCase() === MANIFEST_FILE);
  const filesByName = sortFiles(
    files.filter((file) => file !== manifestFile && file !== sentFile),
    definition,
    findings,
  );
  checkOneRosterManifest(manifest, definition, new Set(filesByName.keys()), findings, modes);
  if (sentFile !== undefined && !findings.fatal)
    await checkSentFiles(sentFile, definition, filesByName, files, mapping, findings);
  return { ...recognition, modes, filesByName };
}
