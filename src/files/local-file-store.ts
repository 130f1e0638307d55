import { randomBytes } from 'node:crypto';
import { mkdir, opendir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { assert } from '#lib/assert.ts';
import { replaceFile } from '#storage/replace-file.ts';
import { syncDirectory } from '#storage/sync-directory.ts';
import { claimPlace } from './claim-place.ts';
import type { FileStore } from './file-store.ts';
import { diskError } from './file-store-errors.ts';
import { readObject } from './read-object.ts';
import { RECORD_BYTES, SALT_BYTES } from './record-cipher.ts';
import { writeObject } from './write-object.ts';

/** Plain data, so that a worker thread can be given it and opens the same store again. */
export interface LocalFileStoreOptions {
  /** Made when absent. Private: 0700. */
  readonly directory: string;
  /** Tests use small records. Objects state their own, so any store reads any object. */
  readonly recordBytes?: number;
}

const OBJECT_NAME = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const UNFINISHED = 'unfinished';

/**
 * Objects as files: `<directory>/<last two digits of the name>/<name>`. What is being written stands in
 * `<directory>/unfinished` until it is complete and synced; then it is renamed, and the directory is synced.
 */
export function openLocalFileStore(options: LocalFileStoreOptions): FileStore {
  const { directory, recordBytes = RECORD_BYTES } = options;
  const unfinished = join(directory, UNFINISHED);
  const marker = ownerFileOf(directory);

  const folderOf = (objectName: string): string => {
    assert(OBJECT_NAME.test(objectName), 'an object name is a UUID made by Rollbook');
    return join(directory, objectName.slice(-2));
  };
  const makeUnfinished = async (): Promise<void> => {
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
  };
  const pathOf = (objectName: string): string => join(folderOf(objectName), objectName);

  return {
    async write(objectName, plain, key, limits) {
      const folder = folderOf(objectName);
      const draft = join(unfinished, objectName);
      const written = await makeUnfinished()
        .then(() =>
          writeObject(plain, {
            path: draft,
            objectName,
            key,
            recordBytes,
            salt: randomBytes(SALT_BYTES),
            maxSizeBytes: limits.maxSizeBytes,
          }),
        )
        .catch((error: unknown) => {
          throw diskError(error);
        });
      try {
        const made = await mkdir(folder, { recursive: true, mode: 0o700 });
        await rename(draft, pathOf(objectName));
        await syncDirectory(folder);
        if (made !== undefined) await syncDirectory(directory);
      } catch (error) {
        await unlink(draft).catch(() => undefined);
        await unlink(pathOf(objectName)).catch(() => undefined);
        throw diskError(error);
      }
      return written;
    },

    read: (objectName, key, range) => readObject(pathOf(objectName), objectName, key, range),

    async remove(objectName) {
      await unlink(pathOf(objectName)).catch(ignoreMissing);
    },

    async *list() {
      for await (const folder of entriesOf(directory)) {
        if (!/^[0-9a-f]{2}$/.test(folder)) continue;
        for await (const objectName of entriesOf(join(directory, folder))) {
          if (!OBJECT_NAME.test(objectName)) continue;
          const found = await stat(join(directory, folder, objectName)).catch(ignoreMissing);
          if (found) yield { objectName, sizeBytes: found.size, modifiedAt: found.mtime };
        }
      }
    },

    async removeUnfinished(untouchedSince) {
      let removed = 0;
      for await (const name of entriesOf(unfinished)) {
        const found = await stat(join(unfinished, name)).catch(ignoreMissing);
        if (!found || found.mtime > untouchedSince) continue;
        await unlink(join(unfinished, name)).catch(ignoreMissing);
        removed += 1;
      }
      return removed;
    },

    // The lock of the data directory keeps others away, but not processes with MODE=api or worker, which share it, nor those that come later.
    async claim(claim) {
      try {
        await makeUnfinished();
        await claimPlace(
          {
            read: async () => (await readFile(marker, 'utf8').catch(ignoreMissing)) ?? null,
            write: (text) => replaceFile(marker, text, 0o600),
          },
          claim,
        );
      } catch (error) {
        throw diskError(error);
      }
    },
  };
}

/** Whoever claims the place next has it. For a restore, which makes another installation of the one that was there; the caller holds the data directory. */
export async function giveUpPlace(directory: string): Promise<void> {
  await rm(ownerFileOf(directory), { force: true });
}

/** Beside the folder, not in it: a folder that is copied to another installation brings no owner along. */
function ownerFileOf(directory: string): string {
  return `${directory}.owner`;
}

async function* entriesOf(path: string): AsyncGenerator<string> {
  const entries = await opendir(path).catch(ignoreMissing);
  if (!entries) return;
  for await (const entry of entries) yield entry.name;
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw diskError(error);
}
