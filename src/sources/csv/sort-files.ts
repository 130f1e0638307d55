import type { SourceFile } from '../contract.ts';
import type { FindingCollector } from '../finding-collector.ts';
import type { FormatDefinition } from './format.ts';
import { MANIFEST_FILE } from './manifest.ts';
import { ONEROSTER_MANIFEST } from './oneroster-manifest.ts';

/** The files of the format by their standard name; others are findings. */
export function sortFiles(
  files: readonly SourceFile[],
  format: FormatDefinition,
  findings: FindingCollector,
): Map<string, SourceFile> {
  const filesByName = new Map<string, SourceFile>();
  for (const file of files) {
    const name = file.name.toLowerCase();
    if (
      format.ignoredFiles.includes(name) ||
      (name === ONEROSTER_MANIFEST && format.manifest === undefined)
    ) {
      findings.report({ code: 'FILE_IGNORED', file: name }, () => ({
        message: `${name} is not read.`,
      }));
    } else if (
      name === MANIFEST_FILE ||
      (format.manifest !== undefined && name === ONEROSTER_MANIFEST) ||
      filesByName.has(name)
    ) {
      findings.report({ code: 'FILE_DUPLICATE', file: name }, () => ({
        message: `${name} is there twice, and nobody can tell which one counts.`,
      }));
    } else if (!format.files.some((definition) => definition.name === name)) {
      findings.report({ code: 'FILE_UNKNOWN', file: name }, () => ({
        message: `${name} is not part of ${format.title}.`,
      }));
    } else filesByName.set(name, file);
  }
  return filesByName;
}
