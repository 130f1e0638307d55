import type { ProfileDefinition } from '#core/run/profile.ts';
import type { ProfileSettings } from '#core/run/profile-settings.ts';
import type { ProfileState, ProfileStep } from '#core/run/profile-state.ts';
import { ConflictError } from '#lib/errors.ts';

import type { Tx } from '../database.ts';

export async function insertProfile(
  tx: Tx,
  profile: ProfileDefinition & {
    readonly id: string;
    readonly sourceSystemId: string;
    readonly secrets: Buffer | null;
    readonly state: ProfileState;
  },
): Promise<void> {
  await tx.query(
    `insert into profile (tenant_id, id, source_system_id, display_name, data_provider, identity_configuration,
       licenses_to_assign, handle_special_character_constraint, expiration_date, secrets, state)
     values (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [profile.id, profile.sourceSystemId, ...definitionValues(profile), profile.secrets, profile.state],
  );
}

/** Replaces what a client may write, and the secrets. */
export async function saveDefinition(
  tx: Tx,
  id: string,
  definition: ProfileDefinition,
  secrets: Buffer | null,
): Promise<void> {
  await tx.query(
    `update profile set display_name = $2, data_provider = $3, identity_configuration = $4, licenses_to_assign = $5,
       handle_special_character_constraint = $6, expiration_date = $7, secrets = $8, updated_at = now() where id = $1`,
    [id, ...definitionValues(definition), secrets],
  );
}

function definitionValues(definition: ProfileDefinition): unknown[] {
  return [
    definition.displayName,
    JSON.stringify(definition.dataProvider),
    JSON.stringify(definition.identityConfiguration),
    definition.licensesToAssign === null ? null : JSON.stringify(definition.licensesToAssign),
    definition.handleSpecialCharacterConstraint,
    definition.expirationDate,
  ];
}

/**
 * Stores a step of the state machine, if the profile is still in the state it was taken from: one row, or a conflict. A
 * step that leaves the state as it is leaves its message, too.
 */
export async function saveStep(
  tx: Tx,
  id: string,
  from: ProfileState,
  step: ProfileStep,
  stateMessage: string | null = null,
): Promise<void> {
  const rows = await tx.query(
    `update profile set state = $3, state_message = case when $2 = $3 then state_message else $4 end, updated_at = $5, deleted_at = coalesce($6, deleted_at)
      where id = $1 and state = $2 returning 1`,
    [id, from, step.state, stateMessage, step.updatedAt, step.deletedAt],
  );
  if (rows.length === 0)
    throw new ConflictError('The profile changed in the meantime. Get it and try again.');
}

export async function savePause(
  tx: Tx,
  id: string,
  pausedAt: Date | null,
  because: string | null,
): Promise<void> {
  await tx.query('update profile set paused_at = $2, paused_because = $3, updated_at = now() where id = $1', [
    id,
    pausedAt,
    because,
  ]);
}

/** Forgets which run was let in last, and remembers when: what was made before counts no more. */
export async function forgetWatermark(tx: Tx, id: string): Promise<void> {
  await tx.query(
    `update profile set reset_at = greatest(clock_timestamp(), (select max(created_at) from run where profile_id = $1)),
            accepted_run_id = null, updated_at = now() where id = $1`,
    [id],
  );
}

export async function forgetBrokenRuns(tx: Tx, id: string): Promise<void> {
  await tx.query('update profile set broken_runs = 0, updated_at = now() where id = $1', [id]);
}

export async function saveSettings(
  tx: Tx,
  id: string,
  settings: ProfileSettings,
  sourceSystemId: string,
): Promise<void> {
  await tx.query(
    'update profile set settings = $2, source_system_id = $3, updated_at = now() where id = $1',
    [id, JSON.stringify(settings), sourceSystemId],
  );
}

/** Drops connection secrets for good. */
export async function eraseSecrets(tx: Tx, id: string): Promise<void> {
  await tx.query('update profile set secrets = null where id = $1', [id]);
}
