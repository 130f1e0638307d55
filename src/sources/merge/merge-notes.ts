import type { Finding, FindingCount } from '#core/findings.ts';
import type { RecognizedFormat } from '#core/roster/formats.ts';
import { MERGE_NOTES } from '#core/upload/merge-notes.ts';
import type { FileStore } from '#files/file-store.ts';
import { must } from '#lib/assert.ts';

import type { MergeSummary } from '../contract.ts';
import type { FindingCollector } from '../finding-collector.ts';
import type { StoredSet } from './stored-set.ts';

/** What is known of a merged set beside its files: written by Rollbook with them, and read by nobody else. */
export interface MergeNotes {
  readonly format: RecognizedFormat;
  readonly summary: MergeSummary;
  /** What was found when the files were merged. */
  readonly findings: readonly Finding[];
  readonly findingCounts: readonly FindingCount[];
}

export async function readMergeNotes(store: FileStore, set: StoredSet): Promise<MergeNotes> {
  const { objectName } = must(
    set.files.find(({ name }) => name === MERGE_NOTES),
    'a merged set has notes',
  );
  const chunks: Buffer[] = [];
  for await (const chunk of store.read(objectName, set.key)) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as MergeNotes;
}

/** What was found when the files were merged is a finding of each run that reads them. */
export function tellMerge(findings: FindingCollector, notes: MergeNotes): void {
  findings.absorb(notes.findings, notes.findingCounts);
  const { baseSealedAt, files } = notes.summary;
  findings.tellKept({
    from: `${baseSealedAt.slice(0, 16).replace('T', ' ')} UTC`,
    uploadedLines: new Map(files.map(({ file, deltaLines }) => [file, deltaLines])),
  });
}
