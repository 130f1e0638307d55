import { type Entry, fromRandomAccessReaderPromise, getFileNameLowLevel, type ZipFile } from 'yauzl';

import { messageOf } from '#lib/errors.ts';
import type { UploadedFile } from '../contract.ts';
import { ArchiveReader } from './archive-reader.ts';
import type { ZipEntry, ZipFault, ZipLimits } from './zip-entry.ts';

interface Extent {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** What may follow the last entry of the directory: its end (32 and 64 bits), or a signature over it. */
const AFTER_DIRECTORY = new Set([0x06054b50, 0x06064b50, 0x05054b50]);

/**
 * Reads the directory at the end of a zip, and the header in front of each entry. All that two readers might understand
 * differently is a fault: headers that contradict the directory, entries that share bytes, more entries than it states.
 * Errors: what reading the file throws.
 */
export async function readZipDirectory(
  file: UploadedFile,
  limits: ZipLimits,
): Promise<{ readonly entries: readonly ZipEntry[] } | { readonly fault: ZipFault }> {
  const reader = new ArchiveReader(file);
  let zip: ZipFile | undefined;
  try {
    zip = await fromRandomAccessReaderPromise(reader, file.sizeBytes, {
      autoClose: false,
      decodeStrings: false,
    });
    if (zip.entryCount > limits.maxEntries)
      return fault(
        'ZIP_TOO_MANY_ENTRIES',
        `${file.name} has ${zip.entryCount} entries; ${limits.maxEntries} are taken.`,
      );
    return await readEntries(zip, reader, file);
  } catch (error) {
    if (reader.failure !== undefined) throw reader.failure;
    // The one thing that the library refuses and that is no damage; a test holds its words.
    return /strong encryption/u.test(messageOf(error))
      ? fault('ZIP_ENCRYPTED', `${file.name} is protected with a password.`)
      : damaged(file, messageOf(error));
  } finally {
    zip?.close();
  }
}

async function readEntries(
  zip: ZipFile,
  reader: ArchiveReader,
  file: UploadedFile,
): Promise<{ readonly entries: readonly ZipEntry[] } | { readonly fault: ZipFault }> {
  reader.forgetReads();
  const found: Entry[] = [];
  for await (const entry of zip.eachEntry()) found.push(entry);
  const directoryStart = reader.firstRead ?? file.sizeBytes;
  const directoryEnd = reader.readEnd;
  if (found.length > 0) {
    const next = directoryEnd + 4 > file.sizeBytes ? null : await reader.bytesAt(directoryEnd, 4);
    if (next === null || !AFTER_DIRECTORY.has(next.readUInt32LE(0)))
      return damaged(file, 'its directory has more entries than it states');
  }
  const entries: ZipEntry[] = [];
  const extents: Extent[] = [];
  for (const entry of found) {
    const path = pathOf(entry);
    const local = await zip.readLocalFileHeaderPromise(entry);
    const flags = entry.generalPurposeBitFlag ^ local.generalPurposeBitFlag;
    if (
      !local.fileName.equals(entry.fileNameRaw) ||
      local.compressionMethod !== entry.compressionMethod ||
      (flags & 1) !== 0
    )
      return damaged(file, 'the header of an entry contradicts its directory', path);
    const end = local.fileDataStart + entry.compressedSize;
    extents.push({ path, start: entry.relativeOffsetOfLocalHeader, end });
    if (end > directoryStart) return overlap(file, path);
    entries.push({
      path,
      isEncrypted: entry.isEncrypted(),
      method: entry.compressionMethod,
      crc32: entry.crc32,
      compressedBytes: entry.compressedSize,
      sizeBytes: entry.uncompressedSize,
      dataStart: local.fileDataStart,
      isSpecial: isSpecial(entry),
    });
  }
  const shared = findOverlap(extents);
  return shared === null ? { entries } : overlap(file, shared.path);
}

function findOverlap(extents: readonly Extent[]): Extent | null {
  const sorted = extents.toSorted((a, b) => a.start - b.start);
  return sorted.find((extent, at) => extent.start < (sorted[at - 1]?.end ?? 0)) ?? null;
}

function pathOf(entry: Entry): string {
  const { generalPurposeBitFlag, fileNameRaw, extraFields } = entry;
  return getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, true);
}

/** Archivers of Unix keep the type of a file in the upper half of its attributes. */
function isSpecial({ versionMadeBy, externalFileAttributes }: Entry): boolean {
  const madeOn = versionMadeBy >>> 8;
  const [unix, macOs] = [3, 19];
  if (madeOn !== unix && madeOn !== macOs) return false;
  const type = (externalFileAttributes >>> 28) & 0xf;
  const [none, folder, file] = [0, 4, 8];
  return type !== none && type !== folder && type !== file;
}

function damaged({ name }: UploadedFile, what: string, value?: string): { fault: ZipFault } {
  return fault(
    'ZIP_DAMAGED',
    `${name} is damaged, cut off, or no zip file: ${what.replace(/\.+$/u, '')}.`,
    value,
  );
}

function overlap({ name }: UploadedFile, value: string): { fault: ZipFault } {
  return fault('ZIP_OVERLAP', `Entries of ${name} use the same bytes.`, value);
}

function fault(code: ZipFault['code'], message: string, value?: string): { fault: ZipFault } {
  return { fault: { code, file: null, message, ...(value === undefined ? {} : { value }) } };
}
