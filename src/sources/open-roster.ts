import { createHash } from 'node:crypto';

import type { ArchiveSummary, SourceFile, UploadedFile } from './contract.ts';
import type { FindingCollector } from './finding-collector.ts';
import { hashed } from './hashed.ts';
import { chooseEntries, type ChosenEntry } from './zip/choose-entries.ts';
import { inflateEntry } from './zip/inflate-entry.ts';
import { readZipDirectory } from './zip/read-zip-directory.ts';
import { DEFAULT_ZIP_LIMITS, type ZipFault, type ZipLimits } from './zip/zip-entry.ts';

export interface OpenedRoster {
  readonly files: readonly SourceFile[];
  /** Zips as they were read. */
  readonly archives: readonly ArchiveSummary[];
  /** A zip cannot be used, and nothing of the upload is read; fatal findings say why. */
  readonly refused: boolean;
}

/** Whether a file is opened as an archive, by its name. */
export function isArchive(name: string): boolean {
  return name.toLowerCase().endsWith('.zip');
}

/**
 * The files of a roster, whether they came loose or in one zip: the only place that looks into archives. A zip that leaves any
 * doubt is refused as a whole. Errors: what reading the files throws.
 */
export async function openRoster(
  uploaded: readonly UploadedFile[],
  findings: FindingCollector,
  limits: ZipLimits = DEFAULT_ZIP_LIMITS,
): Promise<OpenedRoster> {
  // In lower case, as findings name files.
  const [archive, ...others] = uploaded
    .filter(({ name }) => isArchive(name))
    .map((file): UploadedFile => ({ ...file, name: file.name.toLowerCase() }));
  const loose = uploaded.filter(({ name }) => !isArchive(name));
  const looseFiles = loose.map((file): SourceFile => ({
    name: file.name,
    sizeBytes: file.sizeBytes,
    archive: null,
    open: () => file.read(),
  }));
  if (archive === undefined) return { files: looseFiles, archives: [], refused: false };
  const report = ({ code, file, value, message }: ZipFault): void =>
    findings.report({ code, file: file ?? archive.name }, () => ({
      message,
      ...(value === undefined ? {} : { value }),
    }));
  const refused = (archives: readonly ArchiveSummary[], faults: readonly ZipFault[]): OpenedRoster => {
    faults.forEach(report);
    return { files: [], archives, refused: true };
  };
  if (others.length > 0) return refused([], [severalArchives([archive, ...others])]);

  // Also proves that the store is whole: whatever is wrong from here on is the fault of the zip.
  const archives = [await summarize(archive)];
  const directory = await readZipDirectory(archive, limits);
  if ('fault' in directory) return refused(archives, [directory.fault]);
  const { chosen, folder, faults } = chooseEntries(archive.name, directory.entries, limits);
  const twice = faultsOfTwice(archive, loose, chosen);
  if (faults.length + twice.length > 0) return refused(archives, [...faults, ...twice]);
  if (folder !== null)
    report({
      code: 'ZIP_FOLDER',
      file: null,
      value: folder,
      message: `The files of ${archive.name} are in the folder ${folder}.`,
    });
  return {
    files: [...looseFiles, ...openEntries(archive, chosen, limits, report)],
    archives,
    refused: false,
  };
}

/** After the first fault no entry gives another byte. */
function openEntries(
  archive: UploadedFile,
  chosen: readonly ChosenEntry[],
  limits: ZipLimits,
  report: (fault: ZipFault) => void,
): SourceFile[] {
  let broken = false;
  const onFault = (fault: ZipFault): void => {
    broken = true;
    report(fault);
  };
  return chosen.map((one) => ({
    name: one.name,
    sizeBytes: one.entry.sizeBytes,
    archive: archive.name,
    async *open() {
      if (!broken) yield* inflateEntry(archive, one, limits, onFault);
    },
    isBroken: () => broken,
  }));
}

function severalArchives(archives: readonly UploadedFile[]): ZipFault {
  const names = archives.map(({ name }) => name);
  return {
    code: 'ZIP_SEVERAL',
    file: null,
    value: names.join(', '),
    message: `There are ${names.length} zip files where one is the roster: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', ...' : ''}.`,
  };
}

function faultsOfTwice(
  archive: UploadedFile,
  loose: readonly UploadedFile[],
  chosen: readonly ChosenEntry[],
): ZipFault[] {
  const looseNames = new Set(loose.map(({ name }) => name.toLowerCase()));
  return [...new Set(chosen.map(({ name }) => name.toLowerCase()))]
    .filter((name) => looseNames.has(name))
    .map((name) => ({
      code: 'FILE_DUPLICATE',
      file: name,
      message: `${name} is there loose and in ${archive.name}.`,
    }));
}

async function summarize(archive: UploadedFile): Promise<ArchiveSummary> {
  const sha256 = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of hashed(archive.read(), sha256)) sizeBytes += chunk.length;
  return { file: archive.name, sizeBytes, sha256: sha256.digest('hex') };
}
