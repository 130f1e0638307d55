import * as z from 'zod';

import { APPLICATION_PERMISSIONS } from '#core/permissions.ts';
import { OperationalError } from '#lib/errors.ts';

import type { ApiClient } from './client/api-client.ts';
import type { ArgumentDefinition } from './command.ts';
import { UsageError } from './exit-codes.ts';
import { nearestWord } from './nearest-word.ts';
import { printable } from './view/format.ts';

export const APPLICATIONS_PATH = '/api/v1/applications';

export const applicationAnswer = z.object({
  clientId: z.string(),
  displayName: z.string(),
  permissions: z.array(z.string()),
  createdDateTime: z.string(),
  revokedDateTime: z.string().nullable(),
});
export type ApplicationAnswer = z.infer<typeof applicationAnswer>;

export const APPLICATION_ARGUMENT: ArgumentDefinition = {
  name: 'application',
  summary: 'Name or client id: rollbook app list.',
};

/** The whole installation is the first administrator's alone. */
export const GIVEABLE_PERMISSIONS = Object.keys(APPLICATION_PERMISSIONS).filter(
  (name) => name !== 'Rollbook.System.Manage',
);

/** The permission in its own spelling. Throws UsageError. */
export function knownPermission(name: string): string {
  const all = Object.keys(APPLICATION_PERMISSIONS);
  const found = all.find((known) => known.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  const near = nearestWord(name, all);
  throw new UsageError(
    `There is no permission '${name}'. ${near === null ? `Permissions: ${GIVEABLE_PERMISSIONS.join(', ')}.` : `Did you mean ${near}?`}`,
  );
}

/** The application with that id, or that name (letter case aside) among those that are not revoked. Throws UsageError or OperationalError. */
export async function requireApplication(client: ApiClient, nameOrId: string): Promise<ApplicationAnswer> {
  const wanted = nameOrId.trim().toLowerCase();
  const all = await client.list(APPLICATIONS_PATH, applicationAnswer);
  const byId = all.find(({ clientId }) => clientId.toLowerCase() === wanted);
  if (byId !== undefined) return byId;
  const live = all.filter(({ revokedDateTime }) => revokedDateTime === null);
  const byName = live.filter(({ displayName }) => displayName.trim().toLowerCase() === wanted);
  const [only] = byName;
  if (byName.length > 1)
    throw new UsageError(
      `${byName.length} applications are named '${nameOrId}'. Use the id: ${byName.map(({ clientId }) => clientId).join(', ')}.`,
    );
  if (only !== undefined) return only;
  const names = live.map(({ displayName }) => printable(displayName));
  const near = nearestWord(nameOrId, names);
  throw new OperationalError(
    'ApplicationNotFound',
    `There is no application '${nameOrId}'. ${near === null ? `Applications: ${names.join(', ')}.` : `Did you mean ${near}?`}`,
  );
}

export function applicationPath(id: string): string {
  return `${APPLICATIONS_PATH}/${encodeURIComponent(id)}`;
}
