import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openSecretBox } from '#access/open-secret-box.ts';
import { loadSecretKey } from '#access/secret-key.ts';
import type { CliDeps, CopyOptions } from '#cli/cli-deps.ts';
import type { Settings } from '#core/settings.ts';
import { giveUpPlace } from '#files/local-file-store.ts';
import { messageOf, OperationalError } from '#lib/errors.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import { realSystem } from '#lib/system.ts';
import { backup } from '#storage/backup.ts';
import { acquireLock, readLock } from '#storage/data-directory-lock.ts';
import type { Database } from '#storage/database.ts';
import { openRunningStorage, openStorage } from '#storage/open-storage.ts';
import { restore } from '#storage/restore.ts';
import { uploadsDirectory } from './file-store-of.ts';

type BackupReport = Awaited<ReturnType<CliDeps['backup']>>;
type RestoreReport = Awaited<ReturnType<CliDeps['restore']>>;

/** `rollbook backup`: of the database that runs, or of the data directory's, started for it. */
export async function backupDatabase(
  settings: Settings,
  file: string,
  options: CopyOptions,
): Promise<BackupReport> {
  const dataDir = resolve(settings.dataDir);
  const { databaseUrl } = settings;
  if (databaseUrl === undefined) await refuseMissing(dataDir);
  const secretBox = await secretBoxOf(settings, dataDir);
  const copy = (db: Database): Promise<BackupReport> =>
    backup(db, file, { secretBox, overwrite: options.force, onProgress: options.onProgress });
  if (databaseUrl !== undefined || (await readLock(dataDir)) !== undefined) {
    const db = await openRunningStorage({ dataDir, databaseUrl, secretBox });
    try {
      return await copy(db);
    } finally {
      await db.close();
    }
  }
  return withOwnDatabase(dataDir, undefined, secretBox, copy);
}

/** `rollbook restore`: nobody else may use the data directory meanwhile. */
export async function restoreDatabase(
  settings: Settings,
  file: string,
  options: CopyOptions,
): Promise<RestoreReport> {
  await refuseUnreadable(file);
  const dataDir = resolve(settings.dataDir);
  const secretBox = await secretBoxOf(settings, dataDir);
  return withOwnDatabase(dataDir, settings.databaseUrl, secretBox, async (db) => {
    const report = await restore(db, file, {
      secretBox,
      force: options.force,
      onProgress: options.onProgress,
    });
    // The files on the disk are those of the database that was replaced, and the next start is another installation.
    await giveUpPlace(uploadsDirectory(dataDir));
    return report;
  });
}

async function withOwnDatabase<T>(
  dataDir: string,
  databaseUrl: string | undefined,
  secretBox: SecretBox,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const lock = await acquireLock(dataDir);
  try {
    const storage = await openStorage({ dataDir, databaseUrl, secretBox });
    try {
      return await work(storage.db);
    } finally {
      await storage.close();
    }
  } finally {
    await lock.release();
  }
}

async function secretBoxOf(settings: Settings, dataDir: string): Promise<SecretBox> {
  const { keys } = await loadSecretKey(dataDir, settings.secretKey, realSystem);
  return openSecretBox(keys, realSystem);
}

async function refuseMissing(dataDir: string): Promise<void> {
  await access(dataDir).catch(() => {
    throw new OperationalError(
      'DataDirectoryMissing',
      `There is no data directory ${dataDir}. Name it with --data-dir.`,
    );
  });
}

/** A name that was mistyped makes no data directory, and above all no new key in it. */
async function refuseUnreadable(file: string): Promise<void> {
  await access(file, constants.R_OK).catch((error: unknown) => {
    throw new OperationalError(
      'BackupUnreadable',
      `The backup cannot be read: ${messageOf(error)}. Name a file that backup wrote.`,
    );
  });
}
