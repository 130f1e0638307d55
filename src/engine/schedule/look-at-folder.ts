import type { CronState } from '#core/schedule/cron-due.ts';
import { filesToTake, judgeFolder, type FolderEntry, type FolderRules } from '#core/schedule/folder-look.ts';
import type { RosterFileSet } from '#core/schedule/roster-file-set.ts';
import { fingerprintOf, openWatchedFolder, WatchedFolderError } from '#files/watched-folder.ts';
import { inTenant } from '#storage/database.ts';
import { saveFolderLook, type ScheduledProfile } from '#storage/schedule/profile-schedule.ts';

import { filesExpectedInFolder } from './expected-files.ts';
import type { ScheduleContext } from './schedule-context.ts';

/** A watched folder as it was seen just now. */
export interface SeenFolder {
  readonly state: 'waits' | 'taken' | 'ready';
  /** Below the folder of the tenant. */
  readonly name: string;
  readonly files: readonly FolderEntry[];
  /** What makes it complete. */
  readonly fileSets: readonly RosterFileSet[];
  /** Of `files`. */
  readonly fingerprint: string;
  readonly seen: string | null;
  readonly seenAt: Date | null;
}

function folderRules(
  context: Pick<ScheduleContext, 'uploadQuietSeconds' | 'uploadLimits'>,
  fileSets: readonly RosterFileSet[],
): FolderRules {
  return {
    fileSets,
    quietSeconds: context.uploadQuietSeconds,
    limits: context.uploadLimits,
  };
}

/** Looks into the watched folder of a profile, and stores what it saw when that is news. */
export async function lookAtFolder(
  context: ScheduleContext,
  profile: ScheduledProfile,
  name: string,
  cron: CronState,
): Promise<SeenFolder> {
  const found = await judge(context, profile, name);
  const note =
    found.note === null && found.state === 'ready' && cron.dueAt !== null && cron.dueAt > profile.now
      ? 'The files are complete; they are taken at the next scheduled time.'
      : found.note;
  const { seen, seenAt, taken } = profile.folder;
  const news =
    found.seen !== seen || found.seenAt?.getTime() !== seenAt?.getTime() || note !== profile.folderNote;
  const stored =
    !news ||
    (await inTenant(context.db, profile.tenantId, (tx) =>
      saveFolderLook(tx, profile.profileId, { seen, seenAt, taken }, { ...found, note }),
    ));
  // Another process looked at the same time and goes on from what it saw.
  return stored ? found : { ...found, state: 'waits' };
}

async function judge(
  context: ScheduleContext,
  profile: ScheduledProfile,
  name: string,
): Promise<SeenFolder & { readonly note: string | null }> {
  const unusable = (note: string): SeenFolder & { note: string } => ({
    state: 'waits',
    name,
    files: [],
    fileSets: [],
    fingerprint: '',
    seen: null,
    seenAt: null,
    note,
  });
  if (context.watchDirectory === undefined) return unusable('WATCH_DIR is not set: no folder is watched.');
  try {
    const folder = await openWatchedFolder(context.watchDirectory, profile.tenantId, name);
    try {
      const entries = await folder.list();
      const fileSets = await filesExpectedInFolder(folder, entries);
      const rules = folderRules(context, fileSets);
      const files = filesToTake(entries, rules);
      const fingerprint = fingerprintOf(files);
      const look = { entries, seen: fingerprintOf(entries), fingerprint };
      return { name, files, fileSets, fingerprint, ...judgeFolder(look, profile.folder, rules, profile.now) };
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (error instanceof WatchedFolderError) return unusable(error.message);
    throw error;
  }
}
