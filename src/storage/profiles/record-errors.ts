import type { Tx } from '../database.ts';
import type { Filter } from '#core/query/filter.ts';
import type { OrderBy } from '#core/query/parse-order-by.ts';

import { countObjects, pageKeyOf, readPage, readRelated, type PageKey } from '../views/read-view.ts';
import { allLeaves } from '../views/view.ts';
import { ERRORS_OF_PROFILE, RECORD_ERROR_VIEW } from './profile-views.ts';

/** By the names that Graph gives its properties. */
export interface RecordError {
  readonly id: string;
  readonly entryType: string;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly joiningValue: string | null;
  readonly reportableIdentifier: string | null;
  readonly recordedDateTime: Date;
}

export interface ErrorQuery {
  readonly filter?: Filter | undefined;
  readonly orderBy?: readonly OrderBy[];
  readonly after?: PageKey | undefined;
  readonly skip?: number;
  /** 0: only the count is asked for. */
  readonly limit: number;
}

/** A page of the open errors of a profile, and how many there are in all. The newest first, then as they stand in the files, unless ordered otherwise. */
export async function listRecordErrors(
  tx: Tx,
  profileId: string,
  { limit, ...page }: ErrorQuery,
): Promise<{ errors: RecordError[]; next: PageKey | undefined; total: number }> {
  const query = {
    ...page,
    view: RECORD_ERROR_VIEW,
    of: { relation: ERRORS_OF_PROFILE, parentId: profileId },
  };
  const total = await countObjects(tx, query);
  if (limit === 0) return { errors: [], next: undefined, total };
  const { rows, next } = await readPage(tx, { ...query, paths: PATHS, limit });
  return {
    errors: rows.map((row) => row as unknown as RecordError),
    next,
    total,
  };
}

/** The first errors of each of these profiles, in the order of a page that is asked for alone; `next` leads on from there. */
export async function listFirstErrors(
  tx: Tx,
  profileIds: readonly string[],
  limit: number,
): Promise<ReadonlyMap<string, { errors: RecordError[]; next: PageKey | undefined }>> {
  const navigation = { target: () => RECORD_ERROR_VIEW, relation: ERRORS_OF_PROFILE };
  const rows = await readRelated(tx, { navigation, parentIds: profileIds, paths: PATHS, limit });
  const byProfile = Map.groupBy(rows, (row) => String(row['@parent']));
  return new Map(
    profileIds.map((id) => {
      const found = byProfile.get(id) ?? [];
      const shown = found.slice(0, limit);
      const last = shown.at(-1);
      const next =
        last === undefined || found.length === shown.length ? undefined : pageKeyOf(RECORD_ERROR_VIEW, last);
      return [id, { errors: shown.map((row) => row as unknown as RecordError), next }];
    }),
  );
}

const PATHS = allLeaves(RECORD_ERROR_VIEW);

/** Forgets the errors of dropped rows and of stale items; those of records in escrow stay with them. @returns how many. */
export async function deleteErrorsBesideEscrow(tx: Tx, profileId: string): Promise<number> {
  const rows = await tx.query(
    `delete from record_error r where r.profile_id = $1
        and r.id not in (select e.key from escrow e where e.profile_id = $1) returning 1`,
    [profileId],
  );
  return rows.length;
}

export async function deleteRecordErrors(tx: Tx, profileId: string): Promise<void> {
  await tx.query('delete from record_error where profile_id = $1', [profileId]);
}
