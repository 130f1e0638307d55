import type { Filter } from '#core/query/filter.ts';
import { deriveProfileStatus, type StatusFacts, type StatusView } from '#core/run/profile-status.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import {
  countProfiles as selectCount,
  listProfiles as selectProfiles,
  type ProfileQuery,
} from '#storage/profiles/find-profile.ts';
import type { StoredProfile } from '#storage/profiles/profile-row.ts';
import { readStatusFactsOfAll, readStatusFactsOnce } from '#storage/profiles/read-status-facts.ts';
import { listFirstErrors, listRecordErrors, type ErrorQuery } from '#storage/profiles/record-errors.ts';

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

/** What comes along with a profile, or with each of a page. */
export interface Related {
  readonly status: boolean;
  /** How many of its errors at most; undefined: none. */
  readonly errors: number | undefined;
}

export interface RelatedToProfiles {
  /** By the id of the profile; empty when they were not asked for. */
  readonly statusFacts: ReadonlyMap<string, StatusFacts>;
  readonly errors: Awaited<ReturnType<typeof listFirstErrors>>;
}

/** A profile and what comes along. Errors: NotFoundError. */
export async function getProfileWith(
  context: ReadContext,
  tenantId: string,
  profileId: string,
  related: Related,
): Promise<RelatedToProfiles & { profile: StoredProfile }> {
  return inTenant(
    context.db,
    tenantId,
    async (tx) => {
      const profile = await mustFindProfile(tx, profileId);
      return { profile, ...(await readRelated(tx, [profile], related)) };
    },
    READ_ONLY,
  );
}

/**
 * A page of the profiles of a tenant, the oldest first unless ordered otherwise, with what comes along and with `count` how many fit
 * in all. One statement reads the page, one more each of these.
 */
export async function listProfiles(
  context: ReadContext,
  tenantId: string,
  { count, related, ...query }: ProfileQuery & { readonly count: boolean; readonly related: Related },
): Promise<RelatedToProfiles & Awaited<ReturnType<typeof selectProfiles>> & { total: number | undefined }> {
  return inTenant(
    context.db,
    tenantId,
    async (tx) => {
      const page = await selectProfiles(tx, query);
      return {
        ...page,
        ...(await readRelated(tx, page.profiles, related)),
        total: count ? await selectCount(tx, query.filter) : undefined,
      };
    },
    READ_ONLY,
  );
}

async function readRelated(
  tx: Tx,
  profiles: readonly StoredProfile[],
  { status, errors }: Related,
): Promise<RelatedToProfiles> {
  const ids = profiles.map(({ id }) => id);
  return {
    statusFacts: status && ids.length > 0 ? await readStatusFactsOfAll(tx, ids) : new Map(),
    errors: errors !== undefined && ids.length > 0 ? await listFirstErrors(tx, ids, errors) : new Map(),
  };
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
