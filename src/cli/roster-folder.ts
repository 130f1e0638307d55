import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import { MANIFEST_FILE } from '#sources/csv/manifest.ts';
import { FORMATS, ROSTER_FILES } from '#sources/csv/formats.ts';

import type { LocalFile } from './client/upload-file.ts';
import { UsageError } from './exit-codes.ts';

export interface RosterFolder {
  readonly path: string;
  /** The last part of the path: the default name of a profile. */
  readonly name: string;
  readonly files: readonly LocalFile[];
  /** CSV files that are part of no format, and stay where they are. */
  readonly leftOut: readonly string[];
}

/** Finds the roster files of a folder. Throws UsageError when it has none, one twice (letter case aside), or one that is a folder, pipe or device. */
export async function openRosterFolder(folder: string): Promise<RosterFolder> {
  const path = resolve(folder);
  const entries = await readdir(path).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ENOENT' ? 'does not exist' : code === 'ENOTDIR' ? 'is not a folder' : String(code);
    throw new UsageError(`${folder} ${reason}. Name the folder with ${listOfFiles()}.`);
  });
  const names = entries.filter((name) => name.toLowerCase().endsWith('.csv')).toSorted();
  const known = names.filter((name) => standardName(name) !== null);
  if (known.length === 0)
    throw new UsageError(
      `${folder} has no roster files: ${listOfFiles()}.${names.length === 0 ? '' : ` It has ${names.join(', ')}.`}`,
    );
  for (const file of ROSTER_FILES) {
    const same = known.filter((name) => standardName(name) === file);
    if (same.length > 1) throw new UsageError(`${folder} has ${same.join(' and ')}: remove one of them.`);
  }
  const manifests = entries.filter((name) => name.toLowerCase() === MANIFEST_FILE);
  const files = await Promise.all(
    [...known, ...manifests].map(async (name) => {
      const file = join(path, name);
      const found = await stat(file);
      // A pipe or a device has no end to wait for.
      if (!found.isFile()) throw new UsageError(`${file} is not a file.`);
      return { name, path: file, sizeBytes: found.size };
    }),
  );
  return {
    path,
    name: basename(path),
    files,
    leftOut: names.filter((name) => !known.includes(name)),
  };
}

function standardName(name: string): string | null {
  const lower = name.toLowerCase();
  return ROSTER_FILES.has(lower) ? lower : null;
}

function listOfFiles(): string {
  const sets = new Map(
    Object.values(FORMATS).map(({ title, files }) => [files.map(({ name }) => name).join(', '), title]),
  );
  return [...sets].map(([files, title]) => `${files} (${title})`).join('; or ');
}
