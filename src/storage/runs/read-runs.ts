import type { FindingCount, FindingCode, Severity } from '#core/findings.ts';
import type { RunState } from '#core/run/run-state.ts';

import type { Tx } from '../database.ts';

export interface StoredRun {
  readonly id: string;
  readonly profileId: string;
  readonly uploadId: string | null;
  readonly state: RunState;
  readonly attempt: number;
  readonly requestedBy: string;
  readonly trigger: string;
  readonly toleranceWaived: boolean;
  readonly verdictAccepted: boolean;
  readonly confirmedFiles: readonly string[];
  readonly acceptedBy: string | null;
  readonly acceptedAt: Date | null;
  readonly progress: unknown;
  readonly counts: unknown;
  readonly message: string | null;
  readonly errorCode: string | null;
  readonly nextAttemptAt: Date | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly stagedAt: Date | null;
  readonly plannedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly verdict: unknown;
  readonly planCounts: unknown;
  readonly itemCount: number | null;
}

const COLUMNS = `r.id, r.profile_id as "profileId", r.upload_id as "uploadId", r.state, r.attempt,
  r.requested_by as "requestedBy", r.trigger, r.tolerance_waived as "toleranceWaived", r.verdict_accepted as "verdictAccepted",
  r.confirmed_files as "confirmedFiles", r.accepted_by as "acceptedBy", r.accepted_at as "acceptedAt", r.progress,
  r.counts, r.message, r.error_code as "errorCode", r.next_attempt_at as "nextAttemptAt", r.created_at as "createdAt",
  r.started_at as "startedAt", r.staged_at as "stagedAt", r.planned_at as "plannedAt", r.finished_at as "finishedAt",
  l.verdict, l.counts as "planCounts", l.item_count as "itemCount"`;
const FROM = 'from run r left join plan l on l.tenant_id = r.tenant_id and l.run_id = r.id';

export async function readRun(tx: Tx, runId: string): Promise<StoredRun | null> {
  const rows = await tx.query<StoredRun>(`select ${COLUMNS} ${FROM} where r.id = $1`, [runId]);
  return rows[0] ?? null;
}

/** The newest runs of a profile, the newest first. */
export async function listLatestRuns(tx: Tx, profileId: string, limit: number): Promise<StoredRun[]> {
  return tx.query<StoredRun>(
    `select ${COLUMNS} ${FROM} where r.profile_id = $1 order by r.created_at desc, r.id desc limit $2`,
    [profileId, limit],
  );
}

/** Records that a run read, per kind, from its counts. */
export async function readRecordCounts(
  tx: Tx,
  runId: string,
): Promise<readonly { readonly kind: string; readonly records: number }[]> {
  return tx.query(
    `select k.key as kind, coalesce((k.value ->> 'records')::integer, 0) as records
       from run r cross join lateral jsonb_each(coalesce(r.counts -> 'kinds', '{}')) k where r.id = $1`,
    [runId],
  );
}

export async function profileHasRuns(tx: Tx, profileId: string): Promise<boolean> {
  const rows = await tx.query('select 1 from run where profile_id = $1 limit 1', [profileId]);
  return rows.length > 0;
}

/** Where a run stands, for a `start` that waits for its validation. */
export async function readRunStage(
  tx: Tx,
  runId: string,
): Promise<{ state: RunState; stagedAt: Date | null; errorCode: string | null } | null> {
  const rows = await tx.query<{ state: RunState; staged_at: Date | null; error_code: string | null }>(
    'select state, staged_at, error_code from run where id = $1',
    [runId],
  );
  const row = rows[0];
  return row ? { state: row.state, stagedAt: row.staged_at, errorCode: row.error_code } : null;
}

export async function readFindingCounts(tx: Tx, runId: string): Promise<FindingCount[]> {
  const rows = await tx.query<{
    file: string;
    code: FindingCode;
    field: string;
    severity: Severity;
    row_count: number;
  }>(
    'select file, code, field, severity, row_count from finding_count where run_id = $1 order by file, code, field',
    [runId],
  );
  return rows.map((row) => ({
    file: row.file,
    code: row.code,
    field: row.field,
    severity: row.severity,
    rowCount: row.row_count,
  }));
}

export interface StoredFinding {
  readonly findingNo: number;
  readonly severity: Severity;
  readonly code: string;
  readonly file: string;
  readonly line: number | null;
  readonly field: string | null;
  readonly value: string | null;
  readonly kind: string | null;
  readonly sourceId: string | null;
  readonly message: string;
}

/** Findings of a run in the order they were stored, after a finding number. */
export async function listFindings(
  tx: Tx,
  runId: string,
  page: { afterNo: number; limit: number },
): Promise<StoredFinding[]> {
  return tx.query<StoredFinding>(
    `select finding_no as "findingNo", severity, code, file, line, field, value, kind, source_id as "sourceId", message
       from finding where run_id = $1 and finding_no > $2 order by finding_no limit $3`,
    [runId, page.afterNo, page.limit],
  );
}
