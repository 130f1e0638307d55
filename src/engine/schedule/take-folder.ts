import type { CronState } from '#core/schedule/cron-due.ts';
import { filesToTake, type FolderEntry } from '#core/schedule/folder-look.ts';
import type { WrittenObject } from '#files/file-store.ts';
import {
  fingerprintOf,
  openWatchedFolder,
  WatchedFolderError,
  type WatchedFolder,
} from '#files/watched-folder.ts';
import { OperationalError } from '#lib/errors.ts';
import { must } from '#lib/assert.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import { lockProfile } from '#storage/profiles/find-profile.ts';
import { mayRunOnItsOwn, takeQuarantineTurn } from '#storage/profiles/may-run-on-its-own.ts';
import {
  saveCronStep,
  saveFolderLook,
  saveFolderTaken,
  type ScheduledProfile,
} from '#storage/schedule/profile-schedule.ts';
import { commitFile } from '#storage/uploads/commit-file.ts';
import { listFiles } from '#storage/uploads/list-files.ts';
import { openUpload, type OpenUpload } from '#storage/uploads/open-upload.ts';

import { afterStart, queueStart, type QueuedStart } from '../profiles/start-profile.ts';
import type { SeenFolder } from './look-at-folder.ts';
import { SCHEDULER, type ScheduleContext } from './schedule-context.ts';

interface StoredFile extends WrittenObject {
  readonly name: string;
  readonly objectName: string;
}

interface Occasion {
  readonly trigger: 'cron' | 'folder';
  /** The state after the cron time that is used up; null without a cron line. */
  readonly cron: CronState | null;
}

/**
 * Takes the files of a watched folder and starts the profile with them. First the bytes, encrypted and durable, as objects that
 * nothing names; then one transaction that makes them files of the open upload, uses up the cron time, remembers the fingerprint and queues
 * the run. A crash in between leaves objects that housekeeping removes, and the folder is taken again. The originals stay.
 */
export async function takeFolder(
  context: ScheduleContext,
  profile: ScheduledProfile,
  seen: SeenFolder,
  occasion: Occasion,
  signal: AbortSignal,
): Promise<void> {
  const mark = await reserve(context, profile, seen);
  if (mark === null) return;
  const stored: StoredFile[] = [];
  let taken = false;
  try {
    const upload = await inTenant(context.db, profile.tenantId, async (tx) => {
      const opened = await openUpload(tx, profile.profileId, newUpload(context));
      // Before all of it is read, for nothing, at every look.
      await refuseOtherFiles(tx, opened, seen.files);
      return opened;
    });
    await storeFiles(context, profile, seen, upload, stored, signal);
    const started = await inTenant(context.db, profile.tenantId, async (tx) => {
      const queued = await commit(context, tx, profile, seen, { upload, stored, occasion });
      // From here on the files may be taken, even when no answer to COMMIT comes.
      taken = queued !== null;
      return queued;
    });
    if (started === null) return;
    await afterStart(context, profile.tenantId, started);
  } catch (error) {
    if (!(error instanceof OperationalError) || signal.aborted) throw error;
    // Somebody writes to the folder or starts the profile at the same moment: the next look begins anew.
    await inTenant(context.db, profile.tenantId, (tx) =>
      saveFolderLook(
        tx,
        profile.profileId,
        { ...profile.folder, seen: seen.seen, seenAt: mark },
        { seen: null, seenAt: null, note: error.message },
      ),
    );
    if (!(error instanceof WatchedFolderError))
      context.log.warn(
        { profileId: profile.profileId, code: error.code },
        'a watched folder could not be taken and is tried again',
      );
  } finally {
    if (!taken) await context.removeObjects(stored.map(({ objectName }) => objectName));
  }
}

function newUpload(context: ScheduleContext): () => OpenUpload {
  const { system, secretBox } = context;
  return () => ({ id: system.newId(), wrappedKey: secretBox.seal(system.randomBytes(32)) });
}

/**
 * Keeps other processes away: to them the folder has changed just now, so that they wait for the quiet time before they take it. Reading
 * may last longer than that; then both read, and the transaction lets one of them through.
 */
async function reserve(
  context: ScheduleContext,
  profile: ScheduledProfile,
  seen: SeenFolder,
): Promise<Date | null> {
  const mark = new Date(Math.max(profile.now.getTime(), (seen.seenAt?.getTime() ?? 0) + 1));
  const reserved = await inTenant(context.db, profile.tenantId, (tx) =>
    saveFolderLook(
      tx,
      profile.profileId,
      { ...profile.folder, seen: seen.seen, seenAt: seen.seenAt },
      { seen: seen.seen, seenAt: mark, note: 'The files are being taken.' },
    ),
  );
  return reserved ? mark : null;
}

/** Bytes to disk, `stored` growing on the way so that the caller can clean up. Errors: WatchedFolderError when the folder is another one by now. */
async function storeFiles(
  context: ScheduleContext,
  profile: ScheduledProfile,
  seen: SeenFolder,
  upload: OpenUpload,
  stored: StoredFile[],
  signal: AbortSignal,
): Promise<void> {
  const key = context.secretBox.open(upload.wrappedKey);
  const root = must(context.watchDirectory, 'a folder was seen');
  const folder = await openWatchedFolder(root, profile.tenantId, seen.name);
  try {
    for (const entry of seen.files) {
      const objectName = context.system.newId();
      const written = await context.files.write(objectName, readUntil(folder, entry, signal), key, {
        maxSizeBytes: context.uploadLimits.maxFileBytes,
      });
      stored.push({ name: entry.name, objectName, ...written });
    }
    // Each file was read whole; that they still belong together shows the folder as a whole.
    const files = filesToTake(await folder.list(), seen);
    if (fingerprintOf(files) !== seen.fingerprint)
      throw new WatchedFolderError(
        'The files changed while they were read; they are taken once they stay as they are.',
      );
  } finally {
    await folder.close();
  }
}

async function* readUntil(
  folder: WatchedFolder,
  entry: FolderEntry,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of folder.read(entry)) {
    signal.throwIfAborted();
    yield chunk;
  }
}

async function commit(
  context: ScheduleContext,
  tx: Tx,
  profile: ScheduledProfile,
  seen: SeenFolder,
  what: { readonly upload: OpenUpload; readonly stored: readonly StoredFile[]; readonly occasion: Occasion },
): Promise<QueuedStart | null> {
  const { upload, stored, occasion } = what;
  const locked = await lockProfile(tx, profile.profileId);
  if (locked === null || !(await mayRunOnItsOwn(tx, locked.id))) return null;
  if (!(await saveFolderTaken(tx, locked.id, seen.fingerprint))) return null;
  if (occasion.cron !== null && !(await saveCronStep(tx, locked.id, profile.cron, occasion.cron)))
    throw new OperationalError(
      'ScheduleChanged',
      'The schedule was changed meanwhile; the folder is looked at again.',
    );
  await refuseOtherFiles(tx, upload, stored);
  const replaced: string[] = [];
  for (const { name, objectName, sizeBytes, sha256, md5 } of stored)
    replaced.push(
      ...(await commitFile(
        tx,
        upload.id,
        { name, objectName, sizeBytes, sha256, md5 },
        { limits: context.uploadLimits },
      )),
    );
  const { newId } = context.system;
  const started = await queueStart(tx, locked, { actor: SCHEDULER, trigger: occasion.trigger, newId });
  await takeQuarantineTurn(tx, locked.id, context.quarantineDelaySeconds);
  return { ...started, garbage: [...started.garbage, ...replaced] };
}

/** Files of two exports are no roster. */
async function refuseOtherFiles(
  tx: Tx,
  upload: OpenUpload,
  files: readonly { readonly name: string }[],
): Promise<void> {
  const own = new Set(files.map(({ name }) => name.toLowerCase()));
  const others = (await listFiles(tx, upload.id)).filter(({ name }) => !own.has(name.toLowerCase()));
  if (others.length > 0)
    throw new OperationalError(
      'UploadInUse',
      `Files were uploaded and not started (${others
        .slice(0, 5)
        .map(({ name }) => name)
        .join(', ')}); start them first, the folder is taken afterwards.`,
    );
}
