import { OperationalError } from '#lib/errors.ts';

import { profileAnswer, statusAnswer, type ProfileAnswer, type StatusAnswer } from './client/answers.ts';
import { checked, type ApiClient } from './client/api-client.ts';
import { InterruptedError, UsageError } from './exit-codes.ts';
import type { IdentityRequest } from './identity-options.ts';

export const PROFILES_PATH = '/beta/education/synchronizationProfiles';

const PROVISIONING_TIMEOUT_MS = 120_000;
const POLL_MS = 150;

export function listProfiles(client: ApiClient): Promise<ProfileAnswer[]> {
  return client.list(PROFILES_PATH, profileAnswer);
}

/** The profile with that id or display name (letter case aside); null when there is none. Profiles on their way out do not count. */
export async function findProfile(client: ApiClient, nameOrId: string): Promise<ProfileAnswer | null> {
  const wanted = nameOrId.trim().toLowerCase();
  const profiles = (await listProfiles(client)).filter(({ state }) => state !== 'deleting');
  const byId = profiles.find(({ id }) => id.toLowerCase() === wanted);
  if (byId) return byId;
  const byName = profiles.filter(({ displayName }) => displayName.trim().toLowerCase() === wanted);
  if (byName.length > 1)
    throw new UsageError(
      `${byName.length} profiles are named '${nameOrId}'. Use the id: ${byName.map(({ id }) => id).join(', ')}.`,
    );
  return byName[0] ?? null;
}

/** The profile that --profile names; without it the only one there is. Throws UsageError or OperationalError. */
export async function requireProfile(
  client: ApiClient,
  nameOrId: string | undefined,
): Promise<ProfileAnswer> {
  if (nameOrId !== undefined) {
    const found = await findProfile(client, nameOrId);
    if (found) return found;
  }
  const profiles = await listProfiles(client);
  const names = profiles.map(({ displayName }) => displayName).join(', ');
  if (nameOrId !== undefined)
    throw new OperationalError(
      'ProfileNotFound',
      `There is no profile '${nameOrId}'. ${profiles.length === 0 ? 'There are none yet: rollbook sync <folder> makes one.' : `Profiles: ${names}.`}`,
    );
  const only = profiles[0];
  if (only === undefined)
    throw new OperationalError(
      'ProfileNotFound',
      'There is no profile yet: rollbook sync <folder> makes one.',
    );
  if (profiles.length > 1) throw new UsageError(`Say which profile with --profile <name or id>: ${names}.`);
  return only;
}

export async function createProfile(
  client: ApiClient,
  displayName: string,
  identity: IdentityRequest,
): Promise<ProfileAnswer> {
  const answer = await client.send({
    method: 'POST',
    path: PROFILES_PATH,
    body: {
      displayName,
      dataProvider: { '@odata.type': '#microsoft.graph.educationCsvDataProvider' },
      identitySynchronizationConfiguration: identity,
    },
  });
  return checked(profileAnswer, answer, PROFILES_PATH);
}

/** Waits until the profile can be used; most often it can at the first look. */
export async function waitProvisioned(client: ApiClient, id: string): Promise<ProfileAnswer> {
  const { system, interrupt } = client.scope;
  const startMs = system.now().getTime();
  for (;;) {
    const profile = await client.get(profilePath(id), profileAnswer);
    if (profile.state === 'provisioned') return profile;
    if (profile.state !== 'provisioning') {
      const status = await readStatus(client, id);
      throw new OperationalError(
        'ProfileNotProvisioned',
        `The profile ${profile.displayName} is in the state ${profile.state}. ${status.statusMessage ?? ''}`.trim(),
      );
    }
    if (system.now().getTime() - startMs > PROVISIONING_TIMEOUT_MS)
      throw new OperationalError(
        'ProfileNotProvisioned',
        `The profile ${profile.displayName} is still being provisioned after two minutes. Is a worker running? Look at the log of the service.`,
      );
    await system.sleep(POLL_MS, interrupt);
    if (interrupt.aborted) throw new InterruptedError();
  }
}

export function readStatus(client: ApiClient, id: string): Promise<StatusAnswer> {
  return client.get(`${profilePath(id)}/profileStatus`, statusAnswer);
}

export function profilePath(id: string): string {
  return `${PROFILES_PATH}/${encodeURIComponent(id)}`;
}

export function schedulePath(id: string): string {
  return `/api/v1/profiles/${encodeURIComponent(id)}/schedule`;
}
