import { ConflictError, NotFoundError } from '#lib/errors.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import type { StoredProfile } from '#storage/profiles/profile-row.ts';
import { lockPlannedRun } from '#storage/runs/decide-run.ts';
import { cancelWaitingRun, replaceQueuedPreviews } from '#storage/runs/enqueue-run.ts';
import {
  type KeptExpiration,
  listExpirations,
  lockRunsUnderWay,
  queueExpirationUndo,
} from '#storage/schedule/expirations.ts';

import { mustFindProfile, mustLockProfile, type Actor, type ProfileContext } from './profile-context.ts';
import { checkStep } from './step-profile.ts';

/** What the expirations of a profile keep, the newest first. Errors: NotFoundError. */
export async function readExpirations(
  context: Pick<ProfileContext, 'db'>,
  tenantId: string,
  profileId: string,
): Promise<KeptExpiration[]> {
  return inTenant(
    context.db,
    tenantId,
    async (tx) => listExpirations(tx, (await mustFindProfile(tx, profileId)).id),
    { readOnly: true },
  );
}

/**
 * Opens the run that puts back what an expiration of the profile changed: the one of `expirationRunId`, else the newest that still keeps classes.
 * It makes a plan, which waits for an approval. Asked again while such a run is on its way or waits, it answers that one; a plan that
 * has become stale gives way to a new one. Errors: NotFoundError; ConflictError when there is nothing to undo, or the profile cannot run.
 * @returns the id of the run.
 */
export async function undoExpiration(
  context: ProfileContext,
  actor: Actor,
  profileId: string,
  expirationRunId: string | null,
): Promise<string> {
  const { newId } = context.system;
  const runId = await inTenant(context.db, actor.tenantId, async (tx) => {
    const profile = await mustLockProfile(tx, profileId);
    checkStep(profile, 'started');
    if (profile.pausedAt)
      throw new ConflictError('The profile is paused. Resume it first, then undo the expiration.');
    const expiration = choose(await listExpirations(tx, profile.id), expirationRunId);
    const by = { profileId: profile.id, actor: actor.applicationId, newId };
    const waiting = await findWaitingUndo(tx, profile, expiration, by);
    if (waiting !== null) return waiting;
    await replaceQueuedPreviews(tx, by);
    const id = newId();
    await queueExpirationUndo(tx, { ...by, runId: id, expiration });
    return id;
  });
  await context.wakeRun(actor.tenantId, runId);
  return runId;
}

/** Something of it is left to put back. */
export function isUndoable({ classes, places }: KeptExpiration): boolean {
  return classes > 0 || places > 0;
}

function choose(kept: readonly KeptExpiration[], expirationRunId: string | null): KeptExpiration {
  const wanted = expirationRunId?.toLowerCase();
  const found =
    wanted === undefined ? (kept.find(isUndoable) ?? kept[0]) : kept.find(({ runId }) => runId === wanted);
  if (found === undefined) {
    if (wanted !== undefined)
      throw new NotFoundError(`No run '${wanted.slice(0, 64)}' has expired classes of this profile.`);
    throw new ConflictError('There is nothing to undo: no classes of this profile have expired with it.');
  }
  if (!isUndoable(found))
    throw new ConflictError(
      `There is nothing to undo: the expiration of ${found.expiredOn} was undone already, and none of its classes is kept any more.`,
    );
  if (!found.sameAnchor)
    throw new ConflictError(
      `The expiration of ${found.expiredOn} cannot be undone: the setting classAnchor was changed since, so that the ids of these classes mean something else now.`,
    );
  return found;
}

/** The undo of this expiration that is on its way or waits already; null: there is none. */
async function findWaitingUndo(
  tx: Tx,
  profile: StoredProfile,
  expiration: KeptExpiration,
  by: { readonly profileId: string; readonly actor: string; readonly newId: () => string },
): Promise<string | null> {
  for (const run of await lockRunsUnderWay(tx, profile.id)) {
    const held = run.state === 'held';
    if (held && (run.keptInId !== expiration.id || (await lockPlannedRun(tx, run.id))?.stale === true)) {
      await cancelWaitingRun(tx, by, run, { note: 'Another undo of an expiration was asked for.' });
      continue;
    }
    if (run.keptInId === expiration.id) return run.id;
    throw new ConflictError(
      `A run of the profile is under way (${run.state}). Wait until it has ended, or cancel it, then undo the expiration.`,
    );
  }
  return null;
}
