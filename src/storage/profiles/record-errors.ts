import type { Tx } from '../database.ts';
import { pageToSql, type ListPage } from './list-page.ts';
import { RECORD_ERROR_VIEW } from './profile-views.ts';

export interface RecordError {
  readonly id: string;
  readonly entryType: string;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly joiningValue: string | null;
  readonly reportableIdentifier: string | null;
  readonly recordedAt: Date;
}

interface Row {
  id: string;
  entry_type: string;
  error_code: string;
  error_message: string;
  joining_value: string | null;
  reportable_identifier: string | null;
  recorded_at: Date;
}

/** A page of the open errors of a profile, and how many there are in all. The newest first, then as they stand in the files, unless ordered otherwise. */
export async function listRecordErrors(
  tx: Tx,
  profileId: string,
  page: ListPage,
): Promise<{ errors: RecordError[]; total: number }> {
  const { where, orderBy, binder } = pageToSql(page, RECORD_ERROR_VIEW, 'e.recorded_at desc, e.file, e.line');
  const own = binder.bind(profileId, 'uuid');
  const from = `${RECORD_ERROR_VIEW.from} where e.profile_id = ${own} and ${where}`;
  const counted = await tx.query<{ total: number }>(
    `select count(*)::float8 as total from ${from}`,
    binder.values,
  );
  const rows =
    page.limit === 0
      ? []
      : await tx.query<Row>(
          `select e.id, e.entry_type, e.error_code, e.error_message, e.joining_value, e.reportable_identifier, e.recorded_at
             from ${from} ${orderBy} limit ${binder.bind(page.limit, 'int8')} offset ${binder.bind(page.offset, 'int8')}`,
          binder.values,
        );
  return {
    errors: rows.map((row) => ({
      id: row.id,
      entryType: row.entry_type,
      errorCode: row.error_code,
      errorMessage: row.error_message,
      joiningValue: row.joining_value,
      reportableIdentifier: row.reportable_identifier,
      recordedAt: row.recorded_at,
    })),
    total: counted[0]?.total ?? 0,
  };
}

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
