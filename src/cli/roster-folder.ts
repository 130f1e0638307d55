import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';

import { MANIFEST_FILE } from '#sources/csv/manifest.ts';
import { FORMATS, ROSTER_FILES } from '#sources/csv/formats.ts';
import { isArchive } from '#sources/open-roster.ts';

import type { LocalFile } from './client/upload-file.ts';
import { UsageError } from './exit-codes.ts';

export interface RosterFolder {
  readonly path: string;
  /** The last part of the path, without .zip: the default name of a profile. */
  readonly name: string;
  readonly files: readonly LocalFile[];
  /** CSV files that are part of no format, and stay where they are. */
  readonly leftOut: readonly string[];
}

/**
 * Finds the roster files of a folder, or the zip of them that it holds or that `folder` itself names. Throws UsageError when there are none,
 * one is there twice (letter case aside), or one is a folder, pipe or device; and when a zip is not alone.
 */
export async function openRosterFolder(folder: string): Promise<RosterFolder> {
  const path = resolve(folder);
  if (isArchive(path) && (await isNoFolder(path)))
    return {
      path,
      name: basename(path, extname(path)),
      files: [await openFile(path, basename(path))],
      leftOut: [],
    };
  const entries = await readdir(path).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ENOENT' ? 'does not exist' : code === 'ENOTDIR' ? 'is not a folder' : String(code);
    throw new UsageError(`${folder} ${reason}. Name the folder with ${listOfFiles()}, or a zip of them.`);
  });
  const names = entries.filter((name) => name.toLowerCase().endsWith('.csv')).toSorted();
  const known = names.filter((name) => standardName(name) !== null);
  const zips = entries.filter(isArchive).toSorted();
  if (zips.length > 1 || (zips.length === 1 && known.length > 0))
    throw new UsageError(
      `${folder} has ${[...zips, ...known].join(', ')}: leave either one zip or the files themselves in it, or name the zip.`,
    );
  if (known.length === 0 && zips.length === 0)
    throw new UsageError(
      `${folder} has no roster files: ${listOfFiles()}.${names.length === 0 ? '' : ` It has ${names.join(', ')}.`}`,
    );
  for (const file of ROSTER_FILES) {
    const same = known.filter((name) => standardName(name) === file);
    if (same.length > 1) throw new UsageError(`${folder} has ${same.join(' and ')}: remove one of them.`);
  }
  const manifests = entries.filter((name) => name.toLowerCase() === MANIFEST_FILE);
  const files = await Promise.all(
    [...known, ...zips, ...manifests].map((name) => openFile(join(path, name), name)),
  );
  return {
    path,
    name: basename(path),
    files,
    leftOut: names.filter((name) => !known.includes(name)),
  };
}

async function openFile(path: string, name: string): Promise<LocalFile> {
  const found = await stat(path);
  // A pipe or a device has no end to wait for.
  if (!found.isFile()) throw new UsageError(`${path} is not a file.`);
  return { name, path, sizeBytes: found.size };
}

/** What is not there is a folder that is missing, as far as the message goes. */
async function isNoFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found !== null && !found.isDirectory();
}

function standardName(name: string): string | null {
  const lower = name.toLowerCase();
  return ROSTER_FILES.has(lower) ? lower : null;
}

function listOfFiles(): string {
  const titles = new Map<string, string>();
  for (const { title, files } of Object.values(FORMATS)) {
    const names = files.flatMap(({ name, optional = false }) => (optional ? [] : [name])).join(', ');
    if (!titles.has(names)) titles.set(names, title);
  }
  return [...titles].map(([files, title]) => `${files} (${title})`).join('; or ');
}
