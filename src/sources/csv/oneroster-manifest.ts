import type { SourceFile } from '../contract.ts';
import type { FindingCollector } from '../finding-collector.ts';
import { CSV_LIMITS, CsvReader } from './csv-reader.ts';
import type { FormatDefinition } from './format.ts';

/** What a OneRoster zip says of itself. Source: 1EdTech's OneRoster CSV binding, "manifest.csv". */
export const ONEROSTER_MANIFEST = 'manifest.csv';

const MAX_BYTES = 256 * 1024;

/** The properties by name in lower case. Null: it is no such manifest. */
export async function readOneRosterManifest(file: SourceFile): Promise<ReadonlyMap<string, string> | null> {
  const properties = new Map<string, string>();
  let bytes = 0;
  const reader = new CsvReader((row) => {
    if (row.fault !== null || row.count < 2) return;
    const text = (index: number): string => row.bytes.toString('utf8', row.starts[index], row.ends[index]);
    properties.set(text(0).toLowerCase(), text(1).toLowerCase());
  }, CSV_LIMITS);
  for await (const chunk of file.open()) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) return null;
    reader.push(Buffer.from(chunk));
  }
  reader.end();
  return properties.has('manifest.version') || properties.has('oneroster.version') ? properties : null;
}

/**
 * Compares the manifest with the files that are there. A file of changes alone is not read as a whole set: what it leaves out would end.
 * Some write `1` where the standard has `1.0`, since spreadsheets do; so versions are told by their first numbers.
 */
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
  const version = manifest.get('oneroster.version') ?? '';
  if (format.manifest !== undefined && version !== '' && version !== format.manifest)
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
