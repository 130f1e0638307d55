import type { SourceFile } from '../contract.ts';
import type { FindingCollector } from '../finding-collector.ts';
import { CSV_LIMITS, CsvReader } from './csv-reader.ts';
import { readTitles, SEPARATORS } from './find-separator.ts';
import type { FormatDefinition } from './format.ts';
import { detectUtf16 } from './text-encoding.ts';
import { openTranscoder } from './transcoder.ts';

/** What a OneRoster zip says of itself. Source: 1EdTech's OneRoster CSV binding, "manifest.csv". */
export const ONEROSTER_MANIFEST = 'manifest.csv';

const MAX_BYTES = 256 * 1024;

/** The properties by name in lower case. Null: it is no such manifest. */
export async function readOneRosterManifest(file: SourceFile): Promise<ReadonlyMap<string, string> | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of file.open()) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) return null;
    chunks.push(Buffer.from(chunk));
  }
  const all = Buffer.concat(chunks);
  const text = openTranscoder(detectUtf16(all) ?? 'utf-8').push(all);
  const separator = SEPARATORS.find((one) => (readTitles(text, one)?.length ?? 0) > 1);
  const properties = new Map<string, string>();
  const reader = new CsvReader(
    (row) => {
      if (row.fault !== null || row.count < 2) return;
      const valueAt = (index: number): string =>
        row.bytes.toString('utf8', row.starts[index], row.ends[index]).toLowerCase();
      properties.set(valueAt(0), valueAt(1));
    },
    CSV_LIMITS,
    separator,
  );
  reader.push(text);
  reader.end();
  return properties.has('manifest.version') || properties.has('oneroster.version') ? properties : null;
}

/** The version of OneRoster that a manifest names, by its first two numbers: `1.2.1` is 1.2. Null: none. */
export function versionOf(manifest: ReadonlyMap<string, string> | null): string | null {
  return /\d+\.\d+/u.exec(manifest?.get('oneroster.version') ?? '')?.[0] ?? null;
}

/** Compares the manifest with the files that are there. A file of changes alone is not read as a whole set: what it leaves out would end. */
export function checkOneRosterManifest(
  manifest: ReadonlyMap<string, string> | null,
  format: FormatDefinition,
  names: ReadonlySet<string>,
  findings: FindingCollector,
): void {
  const report = (
    code: 'MANIFEST_UNREADABLE' | 'MANIFEST_MISMATCH' | 'FILE_DELTA',
    file: string,
    message: string,
  ): void => findings.report({ code, file }, () => ({ message }));
  if (manifest === null) {
    report(
      'MANIFEST_UNREADABLE',
      ONEROSTER_MANIFEST,
      `${ONEROSTER_MANIFEST} has no properties "manifest.version" and "oneroster.version" in its first column.`,
    );
    return;
  }
  const version = versionOf(manifest);
  if (format.manifest !== undefined && version !== null && version !== format.manifest)
    report(
      'MANIFEST_MISMATCH',
      ONEROSTER_MANIFEST,
      `${ONEROSTER_MANIFEST} says OneRoster ${version}, and the files are read as ${format.title}.`,
    );
  for (const { name } of format.files) {
    const said = manifest.get(`file.${name.replace(/\.csv$/u, '')}`);
    if (said === 'delta')
      report('FILE_DELTA', name, `${ONEROSTER_MANIFEST} says that ${name} has changes alone.`);
    if (said === 'bulk' && !names.has(name))
      report(
        'MANIFEST_MISMATCH',
        name,
        `${ONEROSTER_MANIFEST} names ${name}, and it is not among the files.`,
      );
    if (said === 'absent' && names.has(name))
      report(
        'MANIFEST_MISMATCH',
        name,
        `${ONEROSTER_MANIFEST} says that ${name} is absent, and it is there.`,
      );
  }
}
