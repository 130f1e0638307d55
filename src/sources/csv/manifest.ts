import * as z from 'zod';

import type { FileSummary, SourceFile } from '../contract.ts';
import type { FindingCollector } from '../finding-collector.ts';

/** What a sender may put beside its files: which there are, and what they have. The surest proof that nothing was cut off. */
export const MANIFEST_FILE = 'manifest.json';

const MAX_BYTES = 256 * 1024;

const manifestSchema = z.strictObject({
  files: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(256),
        rows: z.int().min(0).optional(),
        sizeBytes: z.int().min(0).optional(),
        sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/i)
          .optional(),
      }),
    )
    .max(64),
});

export interface ManifestEntry {
  readonly name: string;
  readonly rows?: number | undefined;
  readonly sizeBytes?: number | undefined;
  readonly sha256?: string | undefined;
}

/** The entries by file name in lower case; null when the file is none, which is a fatal finding. */
export async function readManifest(
  file: SourceFile,
  findings: FindingCollector,
): Promise<ReadonlyMap<string, ManifestEntry> | null> {
  const refuse = (message: string): null => {
    findings.report({ code: 'MANIFEST_UNREADABLE', file: MANIFEST_FILE }, () => ({ message }));
    return null;
  };
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of file.open()) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) return refuse(`${MANIFEST_FILE} is longer than ${MAX_BYTES / 1024} KiB.`);
    chunks.push(chunk);
  }
  if (file.isBroken?.() === true) return null;
  const read = manifestSchema.safeParse(parseJson(Buffer.concat(chunks).toString('utf8')));
  if (!read.success)
    return refuse(
      `${MANIFEST_FILE} is not of the form {"files": [{"name": "student.csv", "rows": 120, "sizeBytes": 9000, "sha256": "…"}]}.`,
    );
  return new Map(read.data.files.map((entry) => [entry.name.toLowerCase(), entry]));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/u, ''));
  } catch {
    return undefined;
  }
}

/** Compares what was read with what the manifest says; each difference is a fatal finding. `uploaded`: all files that are there, read or not. */
export function checkManifest(
  manifest: ReadonlyMap<string, ManifestEntry>,
  files: readonly FileSummary[],
  uploaded: readonly Pick<SourceFile, 'name'>[],
  findings: FindingCollector,
): void {
  const report = (file: string, message: string): void =>
    findings.report({ code: 'MANIFEST_MISMATCH', file }, () => ({ message }));
  for (const [name, entry] of manifest) {
    const read = files.find(({ file }) => file === name);
    if (read === undefined) {
      if (uploaded.some((file) => file.name.toLowerCase() === name)) continue;
      report(name, `${MANIFEST_FILE} names ${name}, and it is not among the files.`);
      continue;
    }
    if (entry.rows !== undefined && entry.rows !== read.rows)
      report(name, `${name} has ${read.rows} rows; ${MANIFEST_FILE} says ${entry.rows}.`);
    if (entry.sizeBytes !== undefined && entry.sizeBytes !== read.sizeBytes)
      report(name, `${name} has ${read.sizeBytes} bytes; ${MANIFEST_FILE} says ${entry.sizeBytes}.`);
    if (entry.sha256 !== undefined && entry.sha256.toLowerCase() !== read.sha256)
      report(name, `${name} has another SHA-256 than ${MANIFEST_FILE} says.`);
  }
}

/** Rows or hash: a size alone says nothing of where the file was cut. */
export function provesWhole(entry: ManifestEntry | undefined): boolean {
  return entry !== undefined && (entry.rows !== undefined || entry.sha256 !== undefined);
}
