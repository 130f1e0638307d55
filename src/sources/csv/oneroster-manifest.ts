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
export async function readOneRosterManifest(
  file: Pick<SourceFile, 'open'>,
): Promise<ReadonlyMap<string, string> | null> {
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

/** Where the rows of a file of the roster are: all in this file; in this file those that have changed; unchanged, and not sent. */
export type FileMode = 'bulk' | 'delta' | 'kept';

/**
 * How each file of the format is sent, by its name. Null: all of them are whole files, as without a manifest. Where one holds changes, and where a manifest says that
 * no file is there, what is not sent has not changed.
 */
export function fileModes(
  manifest: ReadonlyMap<string, string> | null,
  { files, manifest: version }: FormatDefinition,
  names: ReadonlySet<string>,
): ReadonlyMap<string, FileMode> | null {
  if (manifest === null || version === undefined) return null;
  const said = files.map(({ name }) => saidOf(manifest, name));
  const nothing = said.includes('absent') && files.every(({ name }) => !names.has(name));
  if (!said.includes('delta') && !(nothing && !said.includes('bulk'))) return null;
  return new Map(
    files.map(({ name }): [string, FileMode] => {
      const how = saidOf(manifest, name);
      return [name, how === 'delta' || how === 'bulk' ? how : 'kept'];
    }),
  );
}

function saidOf(manifest: ReadonlyMap<string, string>, name: string): string | undefined {
  return manifest.get(`file.${name.replace(/\.csv$/u, '')}`);
}

/** Compares the manifest with the files that are there; `modes`: where files hold changes. */
export function checkOneRosterManifest(
  manifest: ReadonlyMap<string, string> | null,
  format: FormatDefinition,
  names: ReadonlySet<string>,
  findings: FindingCollector,
  modes: ReadonlyMap<string, FileMode> | null = null,
): void {
  const report = (code: 'MANIFEST_UNREADABLE' | 'MANIFEST_MISMATCH', file: string, message: string): void =>
    findings.report({ code, file }, () => ({ message }));
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
    const said = saidOf(manifest, name);
    if ((said === 'bulk' || said === 'delta') && !names.has(name))
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
    if (modes !== null && modes.get(name) === 'kept' && said !== 'absent' && names.has(name))
      report(
        'MANIFEST_MISMATCH',
        name,
        `${ONEROSTER_MANIFEST} does not say whether ${name} is whole (bulk) or has changes alone (delta).`,
      );
  }
}
