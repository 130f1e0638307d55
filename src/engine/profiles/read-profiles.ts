import type { Filter } from '#core/query/filter.ts';
import { deriveProfileStatus, type StatusFacts, type StatusView } from '#core/run/profile-status.ts';
import { inTenant } from '#storage/database.ts';
import {
  countProfiles as selectCount,
  listProfiles as selectProfiles,
  type ProfileQuery,
} from '#storage/profiles/find-profile.ts';
import type { StoredProfile } from '#storage/profiles/profile-row.ts';
import { readStatusFactsOnce } from '#storage/profiles/read-status-facts.ts';
import { listRecordErrors, type ErrorQuery } from '#storage/profiles/record-errors.ts';

import { isUuid, mustFindProfile, noSuchProfile, type ProfileContext } from './profile-context.ts';

type ReadContext = Pick<ProfileContext, 'db'>;

const READ_ONLY = { readOnly: true } as const;

/** Errors: NotFoundError. */
export async function getProfile(
  context: ReadContext,
  tenantId: string,
  profileId: string,
): Promise<StoredProfile> {
  return inTenant(context.db, tenantId, (tx) => mustFindProfile(tx, profileId), READ_ONLY);
}

/** A page of the profiles of a tenant, the oldest first unless ordered otherwise, and with `count` how many fit in all. */
export async function listProfiles(
  context: ReadContext,
  tenantId: string,
  { count, ...query }: ProfileQuery & { readonly count: boolean },
): Promise<Awaited<ReturnType<typeof selectProfiles>> & { total: number | undefined }> {
  return inTenant(
    context.db,
    tenantId,
    async (tx) => ({
      ...(await selectProfiles(tx, query)),
      total: count ? await selectCount(tx, query.filter) : undefined,
    }),
    READ_ONLY,
  );
}

/** How many profiles fit. */
export async function countProfiles(
  context: ReadContext,
  tenantId: string,
  filter: Filter | undefined,
): Promise<number> {
  return inTenant(context.db, tenantId, (tx) => selectCount(tx, filter), READ_ONLY);
}

/** What the status of a profile is derived from, by one statement. Errors: NotFoundError. */
export async function getStatusFacts(
  context: ReadContext,
  tenantId: string,
  profileId: string,
): Promise<StatusFacts> {
  const facts = isUuid(profileId) ? await readStatusFactsOnce(context.db, tenantId, profileId) : null;
  if (!facts) throw noSuchProfile(profileId);
  return facts;
}

/** The status of a profile. `newMembers`: the client knows extracting and validating. Errors: NotFoundError. */
export async function getProfileStatus(
  context: ReadContext,
  tenantId: string,
  profileId: string,
  newMembers: boolean,
): Promise<StatusView> {
  return deriveProfileStatus(await getStatusFacts(context, tenantId, profileId), newMembers);
}

/** A page of the open errors of a profile. Errors: NotFoundError. */
export async function listErrors(
  context: ReadContext,
  tenantId: string,
  profileId: string,
  page: ErrorQuery,
): Promise<Awaited<ReturnType<typeof listRecordErrors>>> {
  return inTenant(
    context.db,
    tenantId,
    async (tx) => {
      const profile = await mustFindProfile(tx, profileId);
      return listRecordErrors(tx, profile.id, page);
    },
    READ_ONLY,
  );
}
