import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, opendir, lstat, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';

import { faultOfFolder } from '#core/schedule/folder-name.ts';
import type { FolderEntry } from '#core/schedule/folder-look.ts';
import { assert } from '#lib/assert.ts';
import { messageOf, OperationalError } from '#lib/errors.ts';

/** The folder, or a file in it, cannot be used as it is; the message is for people and holds no content. */
export class WatchedFolderError extends OperationalError {
  override readonly name = 'WatchedFolderError';
  constructor(message: string, cause?: unknown) {
    super('WatchedFolder', message, { retry: 'retry', cause });
  }
}

/** A folder that was opened, and that stays the same one whatever happens to its path. */
export interface WatchedFolder {
  list(): Promise<FolderEntry[]>;
  /** The bytes of a file that list() showed. Errors while iterating: WatchedFolderError when it is another one by now, or changes while it is read. */
  read(entry: FolderEntry): AsyncGenerator<Uint8Array>;
  close(): Promise<void>;
}

const MAXIMUM_ENTRIES = 1_000;
const CHUNK_BYTES = 1024 * 1024;
/** Windows does not know the last three: undefined, they count as 0 in a flag. */
const { O_RDONLY, O_NOFOLLOW, O_DIRECTORY, O_NONBLOCK } = constants;

/** Where the folder of a tenant stands. */
export function watchedFolderPath(root: string, tenantId: string, folder: string): string {
  return join(root, tenantId, ...folder.split('/'));
}

/**
 * Opens a folder below `root`/`tenantId`. Links are followed as long as they stay below that; where the folder really is, is looked at
 * behind the opened handle, so that nobody can exchange it in between.
 * Errors: WatchedFolderError.
 */
export async function openWatchedFolder(
  root: string,
  tenantId: string,
  folder: string,
): Promise<WatchedFolder> {
  assert(faultOfFolder(folder) === null, 'the name of a watched folder is checked when it is stored');
  const path = await realpath(watchedFolderPath(root, tenantId, folder)).catch(refuse);
  const base = join(await realpath(root).catch(refuse), tenantId);
  if (!path.startsWith(base + sep)) throw outside();
  if (process.platform === 'win32') return folderAt(path, () => Promise.resolve());
  const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch(refuse);
  const held = `/proc/self/fd/${handle.fd}`;
  const real = await realpath(held).catch(() => null);
  // Without /proc the path has to do: whoever could exchange the folder now could have put the files into it.
  if (real === null) return folderAt(path, () => handle.close());
  if (!real.startsWith(base + sep)) {
    await handle.close();
    throw outside();
  }
  return folderAt(held, () => handle.close());
}

/** One fingerprint for these entries, in any order: names, sizes and times of change. */
export function fingerprintOf(entries: readonly FolderEntry[]): string {
  const lines = entries.map(
    ({ name, isFile, sizeBytes, modified }) => `${name}\0${isFile}\0${sizeBytes}\0${modified}\0`,
  );
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex');
}

function folderAt(path: string, close: () => Promise<void>): WatchedFolder {
  return {
    async list() {
      const entries: FolderEntry[] = [];
      try {
        for await (const { name } of await opendir(path)) {
          if (entries.length >= MAXIMUM_ENTRIES)
            throw new WatchedFolderError(
              `The folder holds more than ${MAXIMUM_ENTRIES} entries: move the others away.`,
            );
          const found = await lstat(join(path, name), { bigint: true }).catch(ignoreMissing);
          if (found === undefined) continue;
          entries.push({
            name,
            isFile: found.isFile(),
            sizeBytes: Number(found.size),
            modified: String(found.mtimeNs),
          });
        }
      } catch (error) {
        refuse(error);
      }
      return entries;
    },
    async *read(entry) {
      // O_NONBLOCK: a pipe that took the place of the file must not keep us waiting.
      const handle = await open(join(path, entry.name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(refuse);
      try {
        await checkUnchanged(handle, entry);
        let done = 0;
        for (;;) {
          const { bytesRead, buffer } = await handle
            .read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, null)
            .catch(refuse);
          if (bytesRead === 0) break;
          done += bytesRead;
          if (done > entry.sizeBytes) throw changed(entry);
          yield buffer.subarray(0, bytesRead);
        }
        if (done !== entry.sizeBytes) throw changed(entry);
        await checkUnchanged(handle, entry);
      } finally {
        await handle.close();
      }
    },
    close,
  };
}

async function checkUnchanged(handle: FileHandle, entry: FolderEntry): Promise<void> {
  const found = await handle.stat({ bigint: true }).catch(refuse);
  if (!found.isFile()) throw new WatchedFolderError('A file of the folder is no regular file any more.');
  if (Number(found.size) !== entry.sizeBytes || String(found.mtimeNs) !== entry.modified)
    throw changed(entry);
}

function changed(entry: FolderEntry): WatchedFolderError {
  return new WatchedFolderError(
    `${entry.name} changed while it was read; it is taken once it stays as it is.`,
  );
}

function outside(): WatchedFolderError {
  return new WatchedFolderError(
    'The folder is a link that leads out of the folder of the tenant; it is not followed.',
  );
}

function refuse(error: unknown): never {
  if (error instanceof OperationalError) throw error;
  const code = codeOf(error);
  switch (code) {
    case 'ENOENT':
      throw new WatchedFolderError('The folder, or a file in it, does not exist.', error);
    case 'ENOTDIR':
      throw new WatchedFolderError('The watched folder is no folder.', error);
    case 'ELOOP':
      throw new WatchedFolderError('A file of the folder is a link; links are not followed.', error);
    case 'EACCES':
    case 'EPERM':
      throw new WatchedFolderError(`Rollbook may not read the folder or a file in it (${code}).`, error);
    default:
      throw new WatchedFolderError(
        `The folder cannot be read (${typeof code === 'string' ? code : messageOf(error)}).`,
        error,
      );
  }
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
