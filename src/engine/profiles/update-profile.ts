import { checkDefinition, isExpired, type ProfileDefinition } from '#core/run/profile.ts';
import { InvalidRequestError } from '#lib/errors.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import type { StoredProfile } from '#storage/profiles/profile-row.ts';
import { saveDefinition } from '#storage/profiles/save-profile.ts';
import { renameSourceSystem } from '#storage/profiles/source-system.ts';
import { closeNotices } from '#storage/notices/raise-notice.ts';
import { cancelExpirations, releaseScheduledWaits } from '#storage/runs/enqueue-run.ts';
import { forgetMissedCron } from '#storage/schedule/profile-schedule.ts';

import { mustFindProfile, mustLockProfile, type Actor, type ProfileContext } from './profile-context.ts';
import { sealProfileSecrets } from './profile-secrets.ts';
import { stepProfile } from './step-profile.ts';

/**
 * What to change. A property that is absent stays. `clientSecret` absent or null keeps the stored one, for a client cannot read
 * it and so cannot send it back.
 */
export interface ProfileChange {
  readonly definition: Partial<ProfileDefinition>;
  readonly clientSecret: string | null;
}

/**
 * Updates a profile. It is provisioned again; whether it is paused stays as it is, and a run under way goes on with what it
 * started with.
 * Errors: NotFoundError, InvalidRequestError, ConflictError.
 */
export async function updateProfile(
  context: ProfileContext,
  actor: Actor,
  profileId: string,
  change: ProfileChange,
): Promise<StoredProfile> {
  const { updated, released } = await inTenant(context.db, actor.tenantId, async (tx) => {
    const profile = await mustLockProfile(tx, profileId);
    const definition = mergeDefinition(profile, change.definition);
    const problem = checkDefinition(definition);
    if (problem) throw new InvalidRequestError(`${problem.property}: ${problem.message}`, problem.property);
    if (definition.dataProvider.type !== profile.dataProvider.type)
      throw new InvalidRequestError(
        'dataProvider: The type of the data provider cannot be changed, because its ids belong to another system. Create another profile.',
        'dataProvider',
      );
    const secrets =
      change.clientSecret === null
        ? profile.secrets
        : sealProfileSecrets(context.secretBox, { clientSecret: change.clientSecret });
    await saveDefinition(tx, profile.id, definition, secrets);
    await renameSourceSystem(tx, { id: profile.sourceSystemId, name: definition.displayName });
    if (definition.expirationDate !== profile.expirationDate) {
      await dropExpiration(context, tx, actor, profile.id);
      if (isExpired(profile.expirationDate, profile.today)) await forgetMissedCron(tx, profile.id);
    }
    await stepProfile(tx, profile, {
      event: 'updated',
      actor: actor.applicationId,
      newId: context.system.newId,
      detail: { properties: Object.keys(change.definition) },
    });
    return {
      released: await releaseScheduledWaits(tx, profile.id),
      updated: await mustFindProfile(tx, profile.id),
    };
  });
  context.wakeProfile(actor.tenantId, updated.id);
  for (const runId of released) await context.wakeRun(actor.tenantId, runId);
  return updated;
}

/** What waits for an approval was to follow the old date. */
async function dropExpiration(
  context: ProfileContext,
  tx: Tx,
  actor: Actor,
  profileId: string,
): Promise<void> {
  const { newId } = context.system;
  if ((await cancelExpirations(tx, { profileId, actor: actor.applicationId, newId })) > 0)
    await closeNotices(tx, profileId, { event: 'held' });
}

function mergeDefinition(before: ProfileDefinition, change: Partial<ProfileDefinition>): ProfileDefinition {
  return {
    displayName: change.displayName ?? before.displayName,
    dataProvider: change.dataProvider ?? before.dataProvider,
    identityConfiguration: change.identityConfiguration ?? before.identityConfiguration,
    licensesToAssign:
      'licensesToAssign' in change ? (change.licensesToAssign ?? null) : before.licensesToAssign,
    handleSpecialCharacterConstraint:
      'handleSpecialCharacterConstraint' in change
        ? (change.handleSpecialCharacterConstraint ?? null)
        : before.handleSpecialCharacterConstraint,
    expirationDate: 'expirationDate' in change ? (change.expirationDate ?? null) : before.expirationDate,
  };
}
