import { adoptionName, checkDefinition, type ProfileDefinition } from '#core/run/profile.ts';
import { InvalidRequestError } from '#lib/errors.ts';
import { inTenant } from '#storage/database.ts';
import { appendProfileEvent } from '#storage/profiles/profile-event.ts';
import type { StoredProfile } from '#storage/profiles/profile-row.ts';
import { insertProfile } from '#storage/profiles/save-profile.ts';
import {
  findAdoptableSourceSystem,
  insertSourceSystem,
  lockProfileName,
  renameSourceSystem,
} from '#storage/profiles/source-system.ts';

import { mustFindProfile, type Actor, type ProfileContext } from './profile-context.ts';
import { sealProfileSecrets } from './profile-secrets.ts';

/** What a client sends: the definition, and the connection secret if it gave one. */
export interface ProfileInput {
  readonly definition: ProfileDefinition;
  readonly clientSecret: string | null;
}

/**
 * Creates a profile in the state provisioning; a job provisions it a moment later.
 *
 * It gets a source system of its own, unless one with the name of the profile is left over from deleted profiles of the same
 * provider: that one it takes over with all its links, so that nobody is doubled. Creations of one
 * name wait for each other, so that two new profiles never take over the same.
 * Errors: InvalidRequestError.
 */
export async function createProfile(
  context: ProfileContext,
  actor: Actor,
  input: ProfileInput,
): Promise<StoredProfile> {
  const { definition } = input;
  const problem = checkDefinition(definition);
  if (problem) throw new InvalidRequestError(`${problem.property}: ${problem.message}`, problem.property);
  const { newId } = context.system;
  const id = newId();
  const name = adoptionName(definition.displayName);
  const secrets =
    input.clientSecret === null
      ? null
      : sealProfileSecrets(context.secretBox, { clientSecret: input.clientSecret });
  const created = await inTenant(context.db, actor.tenantId, async (tx) => {
    await lockProfileName(tx, name);
    const adopted = await findAdoptableSourceSystem(tx, { name, providerType: definition.dataProvider.type });
    const sourceSystemId = adopted ?? newId();
    const system = { id: sourceSystemId, name: definition.displayName };
    await (adopted === null ? insertSourceSystem(tx, system) : renameSourceSystem(tx, system));
    await insertProfile(tx, { ...definition, id, sourceSystemId, secrets, state: 'provisioning' });
    await appendProfileEvent(tx, {
      profileId: id,
      id: newId(),
      event: 'created',
      state: 'provisioning',
      actor: actor.applicationId,
      detail: { sourceSystemId, adopted: adopted !== null },
    });
    return mustFindProfile(tx, id);
  });
  context.wakeProfile(actor.tenantId, id);
  return created;
}
