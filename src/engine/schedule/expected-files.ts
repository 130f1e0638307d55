import type { FolderEntry } from '#core/schedule/folder-look.ts';
import type { RosterFileSet } from '#core/schedule/roster-file-set.ts';
import type { WatchedFolder } from '#files/watched-folder.ts';
import { OperationalError } from '#lib/errors.ts';
import { ROSTER_FILE_SETS } from '#sources/csv/formats.ts';
import { fileSetOfManifest, MAX_MANIFEST_BYTES } from '#sources/csv/merge/manifest-file-set.ts';
import { ONEROSTER_MANIFEST } from '#sources/csv/oneroster-manifest.ts';
import { inTenant } from '#storage/database.ts';
import { findOpenFile } from '#storage/uploads/find-open-file.ts';

import type { ScheduleContext } from './schedule-context.ts';

/** The files that make a folder complete: those of a format, or those that a manifest of delta files names. Errors: WatchedFolderError. */
export async function filesExpectedInFolder(
  folder: WatchedFolder,
  entries: readonly FolderEntry[],
): Promise<readonly RosterFileSet[]> {
  const manifest = entries.find(({ name, isFile }) => isFile && name.toLowerCase() === ONEROSTER_MANIFEST);
  if (manifest === undefined || manifest.sizeBytes > MAX_MANIFEST_BYTES) return ROSTER_FILE_SETS;
  const set = await fileSetOfManifest(() => folder.read(manifest));
  return set === null ? ROSTER_FILE_SETS : [set];
}

/** The same of the open upload of a profile. */
export async function filesExpectedInUpload(
  context: ScheduleContext,
  profile: { readonly tenantId: string; readonly profileId: string },
): Promise<readonly RosterFileSet[]> {
  const manifest = await inTenant(
    context.db,
    profile.tenantId,
    (tx) => findOpenFile(tx, profile.profileId, ONEROSTER_MANIFEST),
    { readOnly: true },
  );
  if (manifest === null || manifest.sizeBytes > MAX_MANIFEST_BYTES) return ROSTER_FILE_SETS;
  const { objectName, wrappedKey } = manifest;
  try {
    const set = await fileSetOfManifest(() =>
      context.files.read(objectName, context.secretBox.open(wrappedKey)),
    );
    return set === null ? ROSTER_FILE_SETS : [set];
  } catch (error) {
    // It was replaced at this moment: the next look reads the new one.
    if (error instanceof OperationalError) return ROSTER_FILE_SETS;
    throw error;
  }
}
