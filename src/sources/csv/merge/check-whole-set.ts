import type { MappingSettings, SourceFile } from '../../contract.ts';
import { bindHeader } from '../bind-header.ts';
import type { FileDefinition, FormatDefinition } from '../format.ts';
import { inspectRows, type Scan, scanFile, type ScanFault } from './scan-file.ts';

/** Why a whole file cannot be used; null: it can. */
export async function faultOfWholeFile(
  definition: FileDefinition,
  file: SourceFile,
  mapping: MappingSettings,
): Promise<ScanFault | null> {
  const layout = await inspectRows(file, definition, mapping);
  const scan: Scan = { titles: null, fault: null };
  let problem: ScanFault | null = null;
  const scanned = scanFile(file, definition.name, layout, scan, (row, isHeader) => {
    if (!isHeader) return;
    const { header, problems } = bindHeader(row, definition, mapping);
    const [first] = problems;
    if (header === null && first !== undefined)
      problem = { code: first.code, message: first.message, line: row.line };
  });
  for await (const _ of scanned) if (problem !== null) break;
  return problem ?? scan.fault;
}

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
    const fault = await faultOfWholeFile(definition, file, mapping);
    if (fault !== null) return `${name}: ${fault.message}`;
    if (file.isBroken?.() === true) return `${name}: its zip is damaged`;
  }
  return null;
}
