import type { MappingSettings, MergedFileSummary, SourceFile } from '../../contract.ts';
import type { FindingCollector } from '../../finding-collector.ts';
import { asBuffer } from '../inspect-file.ts';
import { faultOfWholeFile } from './check-whole-set.ts';
import type { DeltaSet } from './delta-set.ts';
import { BaseUnusableError, prepareMerge } from './merge-file.ts';

export interface MergeSetsInput {
  readonly delta: DeltaSet;
  /** Files of the kept set by their standard name. */
  readonly base: ReadonlyMap<string, SourceFile>;
  readonly mapping: MappingSettings;
  readonly findings: FindingCollector;
  /** Seeds tables of ids. */
  readonly seed: number;
}

/**
 * Makes of the kept set and the files of an upload a new whole set, file by file: `write` gets the bytes of each, streaming. Of a delta file its
 * own rows come first, each on the line where it stands in the delta file; behind them what is kept.
 * @returns null when files of the upload cannot be used: fatal findings say why, and what was written is of no use. Throws BaseUnusableError.
 */
export async function mergeSets(
  { delta, base, mapping, findings, seed }: MergeSetsInput,
  write: (name: string, plain: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<MergedFileSummary[] | null> {
  const summaries: MergedFileSummary[] = [];
  for (const definition of delta.definition.files) {
    const { name } = definition;
    const mode = delta.modes.get(name) ?? 'kept';
    const sent = mode === 'kept' ? undefined : delta.filesByName.get(name);
    const kept = base.get(name) ?? null;
    const counts = { deltaRows: 0, replacedRows: 0, outdatedRows: 0, keptRows: 0 };
    if (sent !== undefined && mode === 'delta') {
      const merge = await prepareMerge({ definition, mapping, delta: sent, base: kept, findings, seed });
      if (merge === null || findings.fatal) return null;
      await write(name, merge.bytes());
      summaries.push(merge.summary());
    } else if (sent !== undefined) {
      // What cannot be read must not get into a set that the next delta files are merged into.
      const fault = await faultOfWholeFile(definition, sent, mapping);
      if (fault !== null) {
        const { code, message, line } = fault;
        findings.report({ code, file: name }, () => ({ ...(line === undefined ? {} : { line }), message }));
        return null;
      }
      await write(name, sent.open());
      if (sent.isBroken?.() === true || findings.fatal) return null;
      // Whatever line it is, it is one of this upload.
      summaries.push({ file: name, from: 'bulk', ...counts, deltaLines: Number.MAX_SAFE_INTEGER });
    } else if (kept !== null) {
      await write(name, ofBase(kept));
      summaries.push({ file: name, from: 'kept', ...counts, deltaLines: 0 });
    }
  }
  return summaries;
}

async function* ofBase(file: SourceFile): AsyncGenerator<Buffer> {
  for await (const chunk of file.open()) yield asBuffer(chunk);
  if (file.isBroken?.() === true)
    throw new BaseUnusableError(`${file.name} of the last whole set cannot be read: its zip is damaged`);
}
