import {
  changeProfileSettings,
  readProfileSettings,
  type ProfileSettings,
} from '#core/run/profile-settings.ts';
import type { ClassAnchor } from '#core/roster/class-anchor.ts';
import { refusalOf, transition } from '#core/run/profile-state.ts';
import { ConflictError, InvalidRequestError } from '#lib/errors.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import { appendProfileEvent } from '#storage/profiles/profile-event.ts';
import type { StoredProfile } from '#storage/profiles/profile-row.ts';
import { saveSettings } from '#storage/profiles/save-profile.ts';
import { insertSourceSystem, lockProfileName, readSourceSystemUse } from '#storage/profiles/source-system.ts';
import { adoptionName } from '#core/run/profile.ts';
import { releaseScheduledWaits } from '#storage/runs/enqueue-run.ts';
import { profileHasRuns } from '#storage/runs/read-runs.ts';

import { anchorClasses } from './anchor-classes.ts';
import {
  isUuid,
  mustFindProfile,
  mustLockProfile,
  type Actor,
  type ProfileContext,
} from './profile-context.ts';
import { stepProfile } from './step-profile.ts';

/** What Graph has no property for, and where the ids of the profile are unique. */
export interface ProfileSettingsView extends ProfileSettings {
  readonly sourceSystemId: string;
  /** What tells its classes apart. Of the source system, whose links are made by it. */
  readonly classAnchor: ClassAnchor;
}

/** Errors: NotFoundError. */
export async function getProfileSettings(
  context: Pick<ProfileContext, 'db'>,
  tenantId: string,
  profileId: string,
): Promise<ProfileSettingsView> {
  const profile = await inTenant(context.db, tenantId, (tx) => mustFindProfile(tx, profileId), {
    readOnly: true,
  });
  return toView(profile);
}

/**
 * Changes the settings that `change` names. `sourceSystemId`, before the first run alone: `"new"` for a source system of its
 * own, or the id of one whose profiles are all deleted, to go on with its links. `classAnchor`: see anchorClasses.
 * Errors: NotFoundError, InvalidRequestError that names the setting, ConflictError.
 */
export async function patchProfileSettings(
  context: ProfileContext,
  actor: Actor,
  profileId: string,
  change: unknown,
): Promise<ProfileSettingsView> {
  const { sourceSystemId: wanted, classAnchor, ...rest } = asObject(change);
  const result = await inTenant(context.db, actor.tenantId, async (tx) => {
    const profile = await mustLockProfile(tx, profileId);
    if (transition(profile.state, 'updated', profile.now) === 'refused')
      throw new ConflictError(refusalOf(profile.state, 'updated'));
    const changed = changeProfileSettings(readProfileSettings(profile.settings), rest);
    if ('problem' in changed)
      throw new InvalidRequestError(
        `${changed.problem.property}: ${changed.problem.message}`,
        changed.problem.property,
      );
    if ('schedule' in rest) checkWatchedFolder(context, changed.settings);
    const system =
      wanted === undefined ? profile.sourceSystemId : await chooseSourceSystem(context, tx, profile, wanted);
    await saveSettings(tx, profile.id, changed.settings, system);
    if (classAnchor !== undefined)
      await anchorClasses(context, tx, { id: profile.id, sourceSystemId: system }, actor, classAnchor);
    const event = { actor: actor.applicationId, newId: context.system.newId, detail: { change } };
    // Another source system is checked as any change of the profile is; our settings cannot be wrong in a way that shows later.
    if (system !== profile.sourceSystemId) await stepProfile(tx, profile, { ...event, event: 'updated' });
    else
      await appendProfileEvent(tx, {
        profileId: profile.id,
        id: context.system.newId(),
        event: 'settingsChanged',
        state: profile.state,
        actor: event.actor,
        detail: event.detail,
      });
    return {
      moved: system !== profile.sourceSystemId,
      released: await releaseScheduledWaits(tx, profile.id),
      profile: await mustFindProfile(tx, profile.id),
    };
  });
  for (const runId of result.released) await context.wakeRun(actor.tenantId, runId);
  if (result.moved) context.wakeProfile(actor.tenantId, result.profile.id);
  return toView(result.profile);
}

function checkWatchedFolder(context: ProfileContext, { schedule }: ProfileSettings): void {
  if (schedule.watchedFolder === null || context.watchDirectory !== undefined) return;
  throw new InvalidRequestError(
    'schedule.watchedFolder: This Rollbook watches no folders: its setting WATCH_DIR is not set. Whoever runs it can set it.',
    'schedule.watchedFolder',
  );
}

async function chooseSourceSystem(
  context: ProfileContext,
  tx: Tx,
  profile: StoredProfile,
  wanted: unknown,
): Promise<string> {
  if (wanted === profile.sourceSystemId) return profile.sourceSystemId;
  if (await profileHasRuns(tx, profile.id))
    throw new ConflictError(
      'sourceSystemId can be chosen before the first start only, since its records are linked by then. Create another profile.',
    );
  if (wanted === 'new') {
    const id = context.system.newId();
    await insertSourceSystem(tx, { id, name: profile.displayName });
    return id;
  }
  const use =
    typeof wanted === 'string' && isUuid(wanted) ? await readSourceSystemUse(tx, wanted, profile.id) : null;
  if (!use || typeof wanted !== 'string')
    throw new InvalidRequestError(
      'sourceSystemId: Use "new", or the id of a source system of this tenant.',
      'sourceSystemId',
    );
  await lockProfileName(tx, adoptionName(use.name));
  const now = await readSourceSystemUse(tx, wanted, profile.id);
  if (!now?.free)
    throw new ConflictError(
      'sourceSystemId: Another profile uses this source system. Delete that profile first.',
    );
  if (now.keepsExpired)
    throw new ConflictError(
      'sourceSystemId: This source system keeps the classes of an expired profile; no profile may use it.',
    );
  if (now.providerType !== null && now.providerType !== profile.dataProvider.type)
    throw new ConflictError(
      'sourceSystemId: This source system was filled by another kind of provider; its ids differ.',
    );
  return wanted.toLowerCase();
}

function asObject(change: unknown): Record<string, unknown> {
  if (typeof change === 'object' && change !== null && !Array.isArray(change)) return { ...change };
  throw new InvalidRequestError('Send a JSON object with the settings to change.');
}

function toView(profile: StoredProfile): ProfileSettingsView {
  return {
    ...readProfileSettings(profile.settings),
    sourceSystemId: profile.sourceSystemId,
    classAnchor: profile.classAnchor,
  };
}
