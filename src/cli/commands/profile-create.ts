import { OperationalError } from '#lib/errors.ts';

import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import {
  ACCEPT_DOMAIN_OPTION,
  acceptedDomainsFrom,
  defaultIdentity,
  describeIdentity,
  identityFromOptions,
  IDENTITY_OPTIONS,
} from '../identity-options.ts';
import { createProfile, findProfile, waitProvisioned } from '../profiles.ts';

export const profileCreateCommand: Command = {
  name: 'profile create',
  summary: 'Create a profile for CSV files, and wait until it can be used.',
  description: [
    'A profile made again under the name of a deleted one takes over the people and classes that one had linked.',
  ],
  arguments: [{ name: 'name', summary: 'Display name of the profile.' }],
  options: { ...IDENTITY_OPTIONS, ...ACCEPT_DOMAIN_OPTION },
  shared: ['client', 'place', 'output'],
  examples: [
    {
      line: 'rollbook profile create "High schools" --create-users contoso.com',
      summary: 'Users are created in students.contoso.com and contoso.com.',
    },
  ],
  exits: ['unreachable'],
  async run(call) {
    const name = call.argument('name');
    const identity = identityFromOptions(call) ?? defaultIdentity(name);
    const acceptedDomains = acceptedDomainsFrom(call);
    return withConnection(call, { mayCreate: true }, async ({ client }) => {
      const found = await findProfile(client, name);
      if (found !== null)
        throw new OperationalError('ProfileExists', `The profile '${name}' exists already (${found.id}).`);
      const made = await createProfile(client, name, identity);
      const profile = await waitProvisioned(client, made.id);
      if (call.options('accept-domain').length > 0)
        await client.send({
          method: 'PATCH',
          path: `/api/v1/profiles/${encodeURIComponent(made.id)}/settings`,
          body: { acceptedDomains },
        });
      call.view.result({
        document: { profile },
        lines: [
          `Created: ${profile.displayName} (${profile.id})`,
          ...describeIdentity(profile.identitySynchronizationConfiguration).map((line) => `  ${line}`),
        ],
      });
      return 'ok';
    });
  },
};
