import { anchoredId, CLASS_ANCHORS } from '#core/roster/class-anchor.ts';
import { ConflictError, InvalidRequestError } from '#lib/errors.ts';
import { ClassKeys } from '#sources/csv/class-keys.ts';
import type { Tx } from '#storage/database.ts';
import { nextChangeSeq } from '#storage/directory/next-change-seq.ts';
import {
  type ClassRenaming,
  hasRunUnderWay,
  readClassAnchor,
  readClassLinks,
  readEnrollmentKeys,
  renameClassLinks,
  renameEnrollments,
  saveClassAnchor,
} from '#storage/profiles/anchor-classes.ts';
import { changeGeneration } from '#storage/runs/batch-fence.ts';
import { cancelRuns } from '#storage/runs/enqueue-run.ts';
import { readSealedHashKey } from '#storage/tenants/read-hash-key.ts';

import type { Actor, ProfileContext } from './profile-context.ts';

const BUSY =
  'classAnchor: A run of the profile is queued or executing, and reads its classes by the ids of before. Wait for it, or cancel it.';
/** Of which the places are renamed at once. */
const CLASSES_AT_ONCE = 500;

/**
 * Sets what tells the classes of a source system apart. The classes that are there keep object, id and members: their links, and the places
 * in them, get the keys and source ids that the next run looks for, all in this transaction. What waits was made with the keys of before and is
 * cancelled. There is no way back once there are classes: two of them may have one id. The caller holds the lock of the profile, so no run
 * is queued meanwhile; lock order: profile, runs, the tenant's counter, rows.
 * Errors: InvalidRequestError; ConflictError while a run is under way, or for ids that cannot be told from those of others.
 */
export async function anchorClasses(
  context: Pick<ProfileContext, 'secretBox' | 'system'>,
  tx: Tx,
  profile: { readonly id: string; readonly sourceSystemId: string },
  actor: Actor,
  wanted: unknown,
): Promise<void> {
  const anchor = CLASS_ANCHORS.find((known) => known === wanted);
  if (anchor === undefined) throw invalid(`Use one of ${CLASS_ANCHORS.join(', ')}.`);
  const { sourceSystemId } = profile;
  if ((await readClassAnchor(tx, sourceSystemId)) === anchor) return;
  if (await hasRunUnderWay(tx, profile.id)) throw new ConflictError(BUSY);
  const by = { profileId: profile.id, actor: actor.applicationId, newId: context.system.newId };
  // One that was broken may have been taken up a moment ago.
  if ((await cancelRuns(tx, by)) > 0) throw new ConflictError(BUSY);
  const links = await readClassLinks(tx, sourceSystemId);
  if (links.length > 0) {
    if (anchor === 'id')
      throw invalid(
        'The classes of this profile are told apart by their sessions; there may be several of one id, so this cannot be taken back. Create another profile.',
      );
    const keys = new ClassKeys(context.secretBox.open(await readSealedHashKey(tx)));
    await rename(tx, sourceSystemId, renamingsOf(links, keys));
  }
  await saveClassAnchor(tx, sourceSystemId, anchor);
}

function renamingsOf(links: Awaited<ReturnType<typeof readClassLinks>>, keys: ClassKeys): ClassRenaming[] {
  const renamings: ClassRenaming[] = [];
  const sourceIds = new Set(links.map(({ sourceId }) => sourceId));
  for (const { classId, key, sourceId, sessionId } of links) {
    const newSourceId = anchoredId(sourceId, sessionId);
    if (newSourceId === sourceId) continue;
    if (sourceIds.has(newSourceId))
      throw new ConflictError(
        `classAnchor: The class '${sourceId}' of session '${sessionId}' would have the id '${newSourceId}', which another class has.`,
      );
    sourceIds.add(newSourceId);
    renamings.push({ classId, key, newKey: keys.keyOf(newSourceId), sourceId, newSourceId });
  }
  return renamings;
}

async function rename(tx: Tx, sourceSystemId: string, renamings: readonly ClassRenaming[]): Promise<void> {
  const changeSeq = await nextChangeSeq(tx);
  await changeGeneration(tx, sourceSystemId);
  for (let from = 0; from < renamings.length; from += CLASSES_AT_ONCE) {
    const some = renamings.slice(from, from + CLASSES_AT_ONCE);
    await renameClassLinks(tx, sourceSystemId, changeSeq, some);
    const byClass = new Map(some.map((renaming) => [renaming.classId, renaming]));
    const places = await readEnrollmentKeys(tx, sourceSystemId, [...byClass.keys()]);
    await renameEnrollments(
      tx,
      sourceSystemId,
      places.flatMap(({ key, classId }) => {
        const renaming = byClass.get(classId);
        return renaming === undefined
          ? []
          : [{ key, newKey: ClassKeys.move(key, renaming.key, renaming.newKey) }];
      }),
    );
  }
}

function invalid(message: string): InvalidRequestError {
  return new InvalidRequestError(`classAnchor: ${message}`, 'classAnchor');
}
