import type { MergedFileSummary, SourceFile } from '#sources/contract.ts';
import { readDeltaSet } from '#sources/csv/merge/delta-set.ts';
import { mergeSets } from '#sources/csv/merge/merge-sets.ts';
import { FindingCollector } from '#sources/finding-collector.ts';
import { CREATE_MAPPING } from './stage-upload.ts';

export type DeltaFiles = Readonly<Record<string, string | Uint8Array>>;

export interface MergedFiles {
  /** By their standard name; null: the delta files cannot be used. */
  readonly files: Readonly<Record<string, string>> | null;
  readonly summaries: readonly MergedFileSummary[];
  readonly findings: FindingCollector;
}

/** Merges an upload with delta files into a whole set, in memory. `broken`: what a damaged zip has of files with these names. */
export async function mergeFiles(
  base: DeltaFiles,
  upload: DeltaFiles,
  chunkBytes = 1 << 20,
  broken: { readonly base?: string; readonly upload?: string } = {},
): Promise<MergedFiles> {
  const findings = new FindingCollector();
  const delta = await readDeltaSet(
    sourceFiles(upload, chunkBytes, broken.upload),
    null,
    CREATE_MAPPING,
    findings,
  );
  if (delta === null) throw new Error('no file of the upload is a delta file');
  if (findings.fatal) return { files: null, summaries: [], findings };
  const files: Record<string, string> = {};
  const baseFiles = sourceFiles(base, chunkBytes, broken.base).map((file): [string, SourceFile] => [
    file.name.toLowerCase(),
    file,
  ]);
  const summaries = await mergeSets(
    { delta, base: new Map(baseFiles), mapping: CREATE_MAPPING, findings, seed: 7 },
    async (name, plain) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of plain) chunks.push(Buffer.from(chunk));
      files[name] = Buffer.concat(chunks).toString('utf8');
    },
  );
  return { files: summaries === null ? null : files, summaries: summaries ?? [], findings };
}

function sourceFiles(files: DeltaFiles, chunkBytes: number, broken?: string): SourceFile[] {
  return Object.entries(files).map(([name, content]) => {
    const bytes = Buffer.from(content);
    return {
      name,
      sizeBytes: bytes.length,
      archive: null,
      isBroken: () => name === broken,
      // oxlint-disable-next-line typescript/require-await
      async *open() {
        for (let at = 0; at < bytes.length; at += chunkBytes)
          yield Buffer.from(bytes.subarray(at, at + chunkBytes));
      },
    };
  });
}

/** The manifest of OneRoster that says how each file is sent. */
export function oneRosterManifest(version: '1.1' | '1.2', modes: Readonly<Record<string, string>>): string {
  return [
    'propertyName,value',
    'manifest.version,1.0',
    `oneroster.version,${version}`,
    ...Object.entries(modes).map(([name, mode]) => `file.${name},${mode}`),
    '',
  ].join('\r\n');
}
