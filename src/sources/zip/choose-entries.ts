import { faultOfFileName } from '#core/upload/file-name.ts';

import type { ZipEntry, ZipFault, ZipLimits } from './zip-entry.ts';

/** An entry that is read, by the name it would have as a loose file. */
export interface ChosenEntry {
  readonly name: string;
  readonly entry: ZipEntry;
}

export interface Choice {
  readonly chosen: readonly ChosenEntry[];
  /** The one folder around all files; null: there is none. */
  readonly folder: string | null;
  /** With any of them nothing is read. */
  readonly faults: readonly ZipFault[];
}

interface Named {
  readonly entry: ZipEntry;
  readonly isFolder: boolean;
  /** Of a file: the last one is its name. */
  readonly segments: readonly string[];
}

const STORED = 0;
const DEFLATED = 8;
const MAX_PATH_LENGTH = 512;
const SHOWN_FOLDERS = 3;
const ADDED_BY_ARCHIVERS = new Set(['.ds_store', 'thumbs.db', 'desktop.ini']);
const ARCHIVE_NAME = /\.(?:zip|zipx|7z|rar|tar|tgz|tbz2?|txz|gz|bz2|xz|zst|cab|jar)$/iu;

/**
 * Decides by name, kind and size which entries are the files of the roster, and what forbids to read any of
 * them. Sizes are what the zip states of them; inflateEntry lets no more come out.
 */
export function chooseEntries(zipName: string, entries: readonly ZipEntry[], limits: ZipLimits): Choice {
  const faults: ZipFault[] = [];
  const named: Named[] = [];
  for (const entry of entries) {
    const wrong = faultOfPath(entry.path);
    if (wrong === null) named.push(nameOf(entry));
    else faults.push(nameFault(zipName, entry, wrong));
  }
  const kept = named.filter((one) => !isJunk(one));
  const files = kept.filter(({ isFolder }) => !isFolder);
  for (const one of kept) faults.push(...faultsOfEntry(zipName, one, limits));
  const { folder, fault } = findFolder(zipName, kept);
  if (fault !== null) faults.push(fault);
  const chosen = files.map(({ entry, segments }) => ({ entry, name: segments.at(-1) ?? '' }));
  faults.push(...faultsOfSet(zipName, chosen, limits));
  if (files.length === 0 && faults.length === 0)
    faults.push({ code: 'ZIP_EMPTY', file: null, message: `${zipName} holds no file.` });
  return { chosen, folder, faults };
}

function faultOfPath(path: string): string | null {
  if (path === '') return 'is empty';
  if (path.length > MAX_PATH_LENGTH) return `is longer than ${MAX_PATH_LENGTH} characters`;
  if (path.includes('\\')) return 'holds a backslash';
  if (path.startsWith('/') || /^[a-z]:/iu.test(path)) return 'is absolute';
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(path)) return 'holds characters that cannot be shown';
  const segments = path.replace(/\/$/u, '').split('/');
  if (segments.includes('..')) return 'climbs out of its folder';
  if (segments.includes('.') || segments.includes('')) return 'holds an empty folder name';
  return null;
}

function nameOf(entry: ZipEntry): Named {
  const isFolder = entry.path.endsWith('/');
  return { entry, isFolder, segments: entry.path.replace(/\/$/u, '').split('/') };
}

/** What archivers and file managers add by themselves. */
function isJunk({ segments, isFolder }: Named): boolean {
  if (segments.includes('__MACOSX')) return true;
  const last = segments.at(-1) ?? '';
  return !isFolder && (ADDED_BY_ARCHIVERS.has(last.toLowerCase()) || last.startsWith('._'));
}

function faultsOfEntry(zipName: string, { entry, segments, isFolder }: Named, limits: ZipLimits): ZipFault[] {
  const shown = segments.at(-1) ?? '';
  const name = shown.toLowerCase();
  const of = (code: ZipFault['code'], message: string): ZipFault[] => [{ code, file: name, message }];
  if (isFolder)
    return entry.sizeBytes === 0 && !entry.isSpecial
      ? []
      : of('ZIP_ENTRY_UNSUPPORTED', `${name} is a folder that holds bytes.`);
  const wrong = faultOfFileName(shown);
  if (wrong !== undefined) return [nameFault(zipName, entry, `is not taken. ${wrong}`)];
  if (entry.isSpecial) return of('ZIP_ENTRY_UNSUPPORTED', `${name} is a link or a device.`);
  if (ARCHIVE_NAME.test(name)) return of('ZIP_NESTED', `${name} is an archive inside of the zip.`);
  if (entry.isEncrypted) return of('ZIP_ENCRYPTED', `${name} is protected with a password.`);
  if (entry.method !== STORED && entry.method !== DEFLATED)
    return of(
      'ZIP_METHOD_UNSUPPORTED',
      `${name} is compressed by method ${entry.method}; 0 (stored) and 8 (deflated) are read.`,
    );
  if (entry.sizeBytes > limits.maxFileBytes)
    return of('ZIP_TOO_LARGE', `${name} has ${entry.sizeBytes} bytes; ${limits.maxFileBytes} are taken.`);
  if (isRatioAbove(entry.sizeBytes, entry.compressedBytes, limits))
    return of('ZIP_TOO_LARGE', sayRatio(name, limits));
  return [];
}

/** Whether so many bytes are more than a roster can give of so few compressed ones. */
export function isRatioAbove(sizeBytes: number, compressedBytes: number, limits: ZipLimits): boolean {
  return sizeBytes > Math.max(limits.ratioFreeBytes, compressedBytes * limits.maxRatio);
}

export function sayRatio(name: string, limits: ZipLimits): string {
  return `${name} unpacks to more than ${limits.maxRatio} times its size in the zip: no roster does.`;
}

function faultsOfSet(zipName: string, chosen: readonly ChosenEntry[], limits: ZipLimits): ZipFault[] {
  const faults: ZipFault[] = [];
  const total = chosen.reduce((sum, { entry }) => sum + entry.sizeBytes, 0);
  if (total > limits.maxTotalBytes)
    faults.push({
      code: 'ZIP_TOO_LARGE',
      file: null,
      message: `${zipName} unpacks to ${total} bytes; ${limits.maxTotalBytes} are taken.`,
    });
  const seen = new Set<string>();
  for (const name of chosen.map((one) => one.name.toLowerCase())) {
    if (seen.has(name))
      faults.push({ code: 'FILE_DUPLICATE', file: name, message: `${name} is twice in ${zipName}.` });
    seen.add(name);
  }
  return faults;
}

/** Either no folder at all, or one around everything. */
function findFolder(
  zipName: string,
  named: readonly Named[],
): { readonly folder: string | null; readonly fault: ZipFault | null } {
  const depth = ({ segments, isFolder }: Named): number => segments.length - (isFolder ? 0 : 1);
  const [first] = named;
  if (first === undefined || named.every((one) => depth(one) === 0)) return { folder: null, fault: null };
  const folder = first.segments[0] ?? '';
  if (named.every((one) => depth(one) === 1 && one.segments[0] === folder)) return { folder, fault: null };
  const folders = new Set(named.filter((one) => depth(one) > 0).map(foldersOf));
  const shown = [...folders].slice(0, SHOWN_FOLDERS).join(', ');
  return {
    folder: null,
    fault: {
      code: 'ZIP_FOLDERS',
      file: null,
      value: [...folders].join(', '),
      message: `${zipName} has ${shown}${folders.size > SHOWN_FOLDERS ? ', ...' : ''}: which files are the roster, nobody can tell.`,
    },
  };
}

function foldersOf({ segments, isFolder }: Named): string {
  return `${(isFolder ? segments : segments.slice(0, -1)).join('/')}/`;
}

function nameFault(zipName: string, { path }: ZipEntry, wrong: string): ZipFault {
  return {
    code: 'ZIP_NAME_INVALID',
    file: null,
    value: path,
    message: `The name of an entry of ${zipName} ${wrong.replace(/\.$/u, '')}.`,
  };
}
