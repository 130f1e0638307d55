import type { MappingSettings, SourceFile } from '../../contract.ts';
import { bindHeader } from '../bind-header.ts';
import type { FormatDefinition } from '../format.ts';
import { inspectRows, type Scan, scanFile } from './scan-file.ts';

/** Why files that no run has read are no whole set that delta files can be merged into; null: they are one. */
export async function faultOfWholeSet(
  { files }: FormatDefinition,
  filesByName: ReadonlyMap<string, SourceFile>,
  mapping: MappingSettings,
): Promise<string | null> {
  for (const definition of files) {
    const { name, optional = false } = definition;
    const file = filesByName.get(name);
    if (file === undefined) {
      if (optional) continue;
      return `${name} is missing`;
    }
    const layout = await inspectRows(file, definition, mapping);
    const scan: Scan = { titles: null, fault: null };
    let problem: string | null = null;
    const scanned = scanFile(file, name, layout, scan, (row, isHeader) => {
      if (!isHeader) return;
      const { header, problems } = bindHeader(row, definition, mapping);
      if (header === null) problem = problems[0]?.message ?? 'its header cannot be read';
    });
    for await (const _ of scanned) if (problem !== null) break;
    problem ??= scan.fault?.message ?? (file.isBroken?.() === true ? 'its zip is damaged' : null);
    if (problem !== null) return `${name}: ${problem}`;
  }
  return null;
}
