import { providerRuns } from '#core/run/profile.ts';
import { transientFault } from '#core/run/transient.ts';
import { messageOf, OperationalError } from '#lib/errors.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import type { System } from '#lib/system.ts';
import { asOwner, inTenant, type Database } from '#storage/database.ts';
import { faultCodesOf } from '#storage/database-errors.ts';
import { emptyEscrow } from '#storage/escrow/drop-escrow.ts';
import { closeNotices } from '#storage/notices/raise-notice.ts';
import { findProfile, lockProfile } from '#storage/profiles/find-profile.ts';
import { deleteRecordErrors } from '#storage/profiles/record-errors.ts';
import { eraseSecrets } from '#storage/profiles/save-profile.ts';
import { ensureSnapshotState, readOlderDeletions } from '#storage/profiles/source-system.ts';
import { listUnfinishedProfiles } from '#storage/profiles/unfinished-profiles.ts';
import { cancelRuns } from '#storage/runs/enqueue-run.ts';
import { eraseUpload } from '#storage/uploads/erase-upload.ts';
import { listProfileUploads } from '#storage/profiles/profile-uploads.ts';

import { openProfileSecrets } from './profile-secrets.ts';
import { stepProfile } from './step-profile.ts';

/** The actor of what Rollbook does on its own. */
const ACTOR = 'rollbook';

export interface ProfileJobContext {
  readonly db: Database;
  readonly system: System;
  readonly secretBox: SecretBox;
  removeObjects(this: void, objectNames: readonly string[]): Promise<void>;
  /** Told when a job failed for a reason that is not in the profile; it is tried again by the sweep. */
  onFailure(this: void, profileId: string, error: unknown): void;
  /** Pause between two sweeps; 30 s by default. */
  readonly sweepIntervalMs?: number;
}

export interface ProfileJobs {
  /** Does soon what the state of the profile asks for. Never throws. */
  wake(this: void, tenantId: string, profileId: string): void;
  /** Waits for the jobs under way and starts no more. */
  close(): Promise<void>;
}

/** done: nothing is left to do. again: something must end first; look again in a moment. */
type Outcome = 'done' | 'again';

const AGAIN_MS = 250;

/**
 * Provisions new and changed profiles and finishes deletions, in the background. The state in the row is what has to be
 * done, so a job lost to a crash is found by the sweep: at start, and every half minute for processes that died elsewhere.
 * Steps are guarded, so two processes that do the same job at once do it once.
 */
export function startProfileJobs(context: ProfileJobContext): ProfileJobs {
  const closing = new AbortController();
  const underWay = new Map<string, Promise<void>>();

  const wake = (tenantId: string, profileId: string): void => {
    if (closing.signal.aborted) return;
    const before = underWay.get(profileId) ?? Promise.resolve();
    // One after the other for one profile: an update that arrives during a job gets a job of its own.
    const job = before.then(() => workOn(context, closing.signal, tenantId, profileId));
    underWay.set(profileId, job);
    void job.finally(() => {
      if (underWay.get(profileId) === job) underWay.delete(profileId);
    });
  };

  const sweep = async (olderThanSeconds: number): Promise<void> => {
    try {
      const unfinished = await asOwner(context.db, (tx) => listUnfinishedProfiles(tx, olderThanSeconds));
      for (const { tenantId, profileId } of unfinished)
        if (!underWay.has(profileId)) wake(tenantId, profileId);
    } catch (error) {
      if (!closing.signal.aborted) context.onFailure('all', error);
    }
  };

  const sweeping = (async () => {
    await sweep(0);
    while (!closing.signal.aborted) {
      await context.system.sleep(context.sweepIntervalMs ?? 30_000, closing.signal);
      if (!closing.signal.aborted) await sweep(10);
    }
  })();

  return {
    wake,
    async close() {
      closing.abort();
      await sweeping;
      await Promise.all(underWay.values());
    },
  };
}

/** Repeats the job while it has to wait for something; failures are reported and left to the sweep. */
async function workOn(
  context: ProfileJobContext,
  signal: AbortSignal,
  tenantId: string,
  profileId: string,
): Promise<void> {
  try {
    while (!signal.aborted) {
      if ((await finishProfile(context, tenantId, profileId)) === 'done') return;
      await context.system.sleep(AGAIN_MS, signal);
    }
  } catch (error) {
    if (!signal.aborted) context.onFailure(profileId, error);
  }
}

/** Does what the state of the profile asks for, in one transaction. */
export async function finishProfile(
  context: Omit<ProfileJobContext, 'onFailure'>,
  tenantId: string,
  profileId: string,
): Promise<Outcome> {
  const profile = await inTenant(context.db, tenantId, (tx) => findProfile(tx, profileId), {
    readOnly: true,
  });
  if (profile?.state === 'provisioning') return provision(context, tenantId, profileId);
  if (profile?.state !== 'deleting') return 'done';
  try {
    return await erase(context, tenantId, profileId);
  } catch (error) {
    // A database that restarts, a deadlock: the sweep goes on, and nobody needs to ask again.
    if (transientFault(faultCodesOf(error)) === null) await failDeletion(context, tenantId, profileId, error);
    throw error;
  }
}

/** Says in the profile that its deletion failed; an administrator deletes it again. */
async function failDeletion(
  context: Omit<ProfileJobContext, 'onFailure'>,
  tenantId: string,
  profileId: string,
  error: unknown,
): Promise<void> {
  await inTenant(context.db, tenantId, async (tx) => {
    const profile = await lockProfile(tx, profileId);
    if (profile?.state !== 'deleting') return;
    await stepProfile(tx, profile, {
      event: 'eraseFailed',
      actor: ACTOR,
      newId: context.system.newId,
      stateMessage:
        error instanceof OperationalError
          ? error.message
          : 'The deletion met an unexpected error; the log has it.',
    });
  });
}

async function provision(
  context: Omit<ProfileJobContext, 'onFailure'>,
  tenantId: string,
  profileId: string,
): Promise<Outcome> {
  const { newId } = context.system;
  return inTenant(context.db, tenantId, async (tx) => {
    const profile = await lockProfile(tx, profileId);
    if (profile?.state !== 'provisioning') return 'done';
    const older = await readOlderDeletions(tx, profile.sourceSystemId, profile.id);
    // What it takes over must be at rest first: a run of the deleted profile may still be at its last batch.
    if (older === 'running') return 'again';
    const fault =
      older === 'failed'
        ? 'An older profile of the same name could not be deleted completely. Delete it again, then update this one.'
        : faultOf(context, profile.secrets, providerRuns(profile.dataProvider.type));
    if (fault !== null) {
      await stepProfile(tx, profile, { event: 'checkFailed', actor: ACTOR, newId, stateMessage: fault });
      return 'done';
    }
    await ensureSnapshotState(tx, profile.sourceSystemId);
    await stepProfile(tx, profile, { event: 'checked', actor: ACTOR, newId });
    return 'done';
  });
}

/** What makes the settings unusable, or null. Shapes were checked when they were sent; secrets may have lost their key since. */
function faultOf(
  context: Omit<ProfileJobContext, 'onFailure'>,
  secrets: Buffer | null,
  hasNoSecrets: boolean,
): string | null {
  if (hasNoSecrets && secrets === null) return null;
  try {
    openProfileSecrets(context.secretBox, secrets);
    return null;
  } catch (error) {
    return `The stored connection secret cannot be read: ${messageOf(error)} Update the profile with its clientSecret.`;
  }
}

async function erase(
  context: Omit<ProfileJobContext, 'onFailure'>,
  tenantId: string,
  profileId: string,
): Promise<Outcome> {
  const { newId } = context.system;
  const result = await inTenant(context.db, tenantId, async (tx) => {
    const profile = await lockProfile(tx, profileId);
    if (profile?.state !== 'deleting') return { outcome: 'done' as const, objects: [] };
    const executing = await cancelRuns(tx, { profileId, actor: ACTOR, newId });
    if (executing > 0) return { outcome: 'again' as const, objects: [] };
    const objects: string[] = [];
    for (const uploadId of await listProfileUploads(tx, profileId))
      objects.push(...(await eraseUpload(tx, uploadId)));
    await eraseSecrets(tx, profileId);
    await emptyEscrow(tx, profileId);
    await deleteRecordErrors(tx, profileId);
    await closeNotices(tx, profileId);
    await stepProfile(tx, profile, { event: 'erased', actor: ACTOR, newId });
    return { outcome: 'done' as const, objects };
  });
  await context.removeObjects(result.objects);
  return result.outcome;
}
