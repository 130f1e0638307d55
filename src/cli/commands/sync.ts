import { resolve } from 'node:path';

import * as z from 'zod';

import { type ProfileAnswer, scheduleAnswer } from '../client/answers.ts';
import type { ApiClient } from '../client/api-client.ts';
import type { Command, CommandCall } from '../command.ts';
import { withConnection } from '../connection.ts';
import { PausedError, UsageError, type ExitName } from '../exit-codes.ts';
import { startAndFollow } from '../follow-run.ts';
import {
  defaultIdentity,
  describeIdentity,
  identityFromOptions,
  IDENTITY_OPTIONS,
  type IdentityRequest,
  sameIdentity,
} from '../identity-options.ts';
import { createProfile, findProfile, readStatus, schedulePath, waitProvisioned } from '../profiles.ts';
import { openRosterFolder, type RosterFolder } from '../roster-folder.ts';
import { outcomeDocument, outcomeLines, readOutcome } from '../sync-outcome.ts';
import { uploadFolder } from '../upload-folder.ts';

export const syncCommand: Command = {
  name: 'sync',
  summary: 'Sync the roster files of a folder: upload, start, follow to the end.',
  description: [
    'Finds the profile, or creates it, uploads the roster files of the folder, starts the sync and follows it until it is over or waits for a decision.',
    'The files are the full set, each time: whoever is in the directory and no longer in the files becomes inactive. Syncing the same files again writes nothing.',
  ],
  arguments: [
    {
      name: 'folder',
      summary:
        'Folder with the files of one roster: School.csv, Section.csv, ... (SDS V1), or another format that Rollbook reads; or a zip of them.',
    },
  ],
  options: {
    profile: {
      type: 'string',
      value: '<name or id>',
      summary: 'Profile to sync; created when there is none of that name. Default: the name of the folder.',
    },
    ...IDENTITY_OPTIONS,
  },
  shared: ['client', 'place', 'progress', 'output'],
  examples: [
    { line: 'rollbook sync ./export', summary: 'Sync a folder with the profile of its name.' },
    { line: 'rollbook sync ./export.zip', summary: 'The same of a zip of the files.' },
    {
      line: 'rollbook sync ./export --profile "High schools" --create-users contoso.com',
      summary: 'Create users in students.contoso.com and contoso.com.',
    },
    {
      line: 'rollbook sync ./export --match Username=userPrincipalName@contoso.com',
      summary: 'Link the users that exist already.',
    },
    {
      line: 'rollbook sync ./export --json --progress json',
      summary: 'For a script: the result on stdout, progress as JSON lines on stderr.',
    },
  ],
  exits: ['held', 'errors', 'quarantined', 'paused', 'unreachable'],
  async run(call) {
    const folder = await openRosterFolder(call.argument('folder'));
    // A wrong option is found before anything is started or made.
    const identity = identityFromOptions(call);
    const profileName = call.option('profile') ?? folder.name;
    return withConnection(call, { mayCreate: true }, ({ client }) =>
      syncFolder(call, client, { folder, profileName, identity }),
    );
  },
};

export interface SyncWish {
  readonly folder: RosterFolder;
  /** Name or id. */
  readonly profileName: string;
  /** For a new profile; null: the default. */
  readonly identity: IdentityRequest | null;
}

/** Everything `sync` does once it has a service to talk to; `demo` does the same. */
export async function syncFolder(call: CommandCall, client: ApiClient, wish: SyncWish): Promise<ExitName> {
  const { folder } = wish;
  const { view } = call;
  for (const name of folder.leftOut) view.warn(`${name} is no roster file and is left out.`);
  const { profile, created } = await findOrCreateProfile(call, client, wish);
  if (!created) await checkMayStart(client, profile);
  await uploadFolder(call, client, profile, folder);
  const { run, messages } = await startAndFollow(client, profile.id, view);
  const outcome = await readOutcome(client, profile, run, messages);
  view.note('');
  view.result({
    document: outcomeDocument(outcome, { folder: resolve(folder.path), profileCreated: created }),
    lines: outcomeLines(call, outcome),
  });
  return outcome.exit;
}

/**
 * Throws PausedError when the profile is paused or has expired: files that cannot be started would stay in its upload, and be mixed with those of
 * the next sync. (One that was never started is called paused, too; one in quarantine may be started.)
 */
async function checkMayStart(client: ApiClient, { id }: ProfileAnswer): Promise<void> {
  const { status, statusMessage } = await readStatus(client, id);
  if (status !== 'paused') return;
  const { active } = await client.get(schedulePath(id), scheduleAnswer);
  if (!active)
    throw new PausedError(
      `${statusMessage ?? 'The profile is paused or has expired.'} Nothing was uploaded.`,
    );
}

async function findOrCreateProfile(
  call: CommandCall,
  client: ApiClient,
  { profileName: name, identity: wanted }: SyncWish,
): Promise<{ profile: ProfileAnswer; created: boolean }> {
  const { view } = call;
  const found = await findProfile(client, name);
  if (found !== null) {
    if (wanted !== null && !sameIdentity(wanted, found.identitySynchronizationConfiguration))
      throw new UsageError(
        `The profile '${found.displayName}' exists with other identity settings: ${describeIdentity(found.identitySynchronizationConfiguration).join('; ')}. Leave the identity options out to keep them, or name another profile with --profile.`,
      );
    view.note(`Profile: ${view.paint.bold(found.displayName)} (${found.id})`);
    return { profile: await waitProvisioned(client, found.id), created: false };
  }
  if (z.guid().safeParse(name).success)
    throw new UsageError(`There is no profile with the id ${name}. Give a name to create one.`);
  const identity = wanted ?? defaultIdentity(name);
  const made = await createProfile(client, name, identity);
  view.note(`Profile: ${view.paint.bold(made.displayName)} (${made.id}), created`);
  for (const line of describeIdentity(identity)) view.note(`  ${line}`);
  if (wanted === null)
    view.note('  (--create-users <domain> or --match <rule> would choose otherwise, for a new profile)');
  return { profile: await waitProvisioned(client, made.id), created: true };
}
