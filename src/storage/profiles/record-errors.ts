import type { Tx } from '../database.ts';

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

/** Graph's property names and the columns behind them, for `$filter` and `$orderby`. */
export const RECORD_ERROR_COLUMNS = {
  id: 'id::text',
  entryType: 'entry_type',
  errorCode: 'error_code',
  errorMessage: 'error_message',
  joiningValue: 'joining_value',
  reportableIdentifier: 'reportable_identifier',
  recordedDateTime: 'recorded_at',
} as const;

export type RecordErrorProperty = keyof typeof RECORD_ERROR_COLUMNS;

export interface RecordErrorQuery {
  readonly limit: number;
  readonly offset: number;
  readonly orderBy: readonly { readonly property: RecordErrorProperty; readonly descending: boolean }[];
}

/** A page of the open errors of a profile, and how many there are in all. The newest first unless ordered otherwise. */
export async function listRecordErrors(
  tx: Tx,
  profileId: string,
  page: RecordErrorQuery,
): Promise<{ errors: RecordError[]; total: number }> {
  const given = page.orderBy.map(
    (order) => `${RECORD_ERROR_COLUMNS[order.property]} ${order.descending ? 'desc' : 'asc'}`,
  );
  const order = [...(given.length > 0 ? given : ['recorded_at desc']), 'id'].join(', ');
  const rows = await tx.query<Row>(
    `select id, entry_type, error_code, error_message, joining_value, reportable_identifier, recorded_at
       from record_error where profile_id = $1 order by ${order} limit $2 offset $3`,
    [profileId, page.limit, page.offset],
  );
  const counted = await tx.query<{ total: number }>(
    'select count(*)::float8 as total from record_error where profile_id = $1',
    [profileId],
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

export async function deleteRecordErrors(tx: Tx, profileId: string): Promise<void> {
  await tx.query('delete from record_error where profile_id = $1', [profileId]);
}
