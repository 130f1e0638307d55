import type { RecognizedFormat } from '#core/roster/formats.ts';

import type { MergeSummary, StageResult } from '../contract.ts';
import { readDeltaSet } from '../csv/merge/delta-set.ts';
import { FindingCollector } from '../finding-collector.ts';
import { type OpenedRoster, openRoster } from '../open-roster.ts';
import { readMergeNotes, tellMerge } from './merge-notes.ts';
import { mergeUpload, type MergeUploadInput, type MergeUploadTools } from './merge-upload.ts';
import { openStoredFiles, type StoredSet } from './stored-set.ts';

export interface PreparedRoster {
  readonly roster: OpenedRoster;
  /** Null: to be recognized. */
  readonly recognized: RecognizedFormat | null;
  /** Of a merged set. Its numbers of rows of files that were taken whole are still to come (withRows). */
  readonly merge: MergeSummary | null;
  /** See StageResult. */
  readonly mergedUpload: StageResult['mergedUpload'];
}

/** The files of a run, as whole files: as they were uploaded, or merged, now or by an earlier attempt. Errors: what reading and writing files throws. */
export async function prepareRoster(
  input: MergeUploadInput & { readonly upload: StoredSet },
  tools: MergeUploadTools,
  findings: FindingCollector,
): Promise<PreparedRoster> {
  if (input.upload.merged) return openMerged(input, input.upload, findings);
  const found = new FindingCollector(input.findingLimits);
  const roster = await openRoster(openStoredFiles(input.store, input.upload), found, input.zipLimits);
  const delta = roster.refused ? null : await readDeltaSet(roster.files, input.format, input.mapping, found);
  const merged =
    delta === null || found.fatal ? null : await mergeUpload(input, tools, input.upload, delta, found);
  if (merged !== null) {
    const { uploadId, files } = merged;
    return {
      ...(await openMerged(input, merged, findings)),
      mergedUpload: {
        uploadId,
        files: files.map(({ name, sizeBytes, sha256 }) => ({ name, sizeBytes, sha256 })),
      },
    };
  }
  found.moveTo(findings);
  const asItIs = { recognized: null, merge: null, mergedUpload: null };
  if (delta === null) return { ...asItIs, roster };
  // Read by themselves they would end whatever they leave out.
  return {
    ...asItIs,
    roster: { files: [], archives: roster.archives, refused: true },
    recognized: delta.recognized,
  };
}

async function openMerged(
  { store, zipLimits }: Pick<MergeUploadInput, 'store' | 'zipLimits'>,
  set: StoredSet,
  findings: FindingCollector,
): Promise<PreparedRoster> {
  const notes = await readMergeNotes(store, set);
  tellMerge(findings, notes);
  return {
    roster: await openRoster(openStoredFiles(store, set), findings, zipLimits),
    recognized: notes.format,
    merge: notes.summary,
    mergedUpload: null,
  };
}

/** Of files that were taken whole the rows are known once they were read. */
export function withRows(merge: MergeSummary, { files }: Pick<StageResult, 'files'>): MergeSummary {
  const rowsByFile = new Map(files.map(({ file, rows }) => [file, rows]));
  return {
    ...merge,
    files: merge.files.map((one) => {
      const rows = rowsByFile.get(one.file) ?? 0;
      switch (one.from) {
        case 'bulk':
          return { ...one, deltaRows: rows };
        case 'kept':
          return { ...one, keptRows: rows };
        case 'delta':
          return one;
      }
    }),
  };
}
