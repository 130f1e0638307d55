import type { FindingCount, FindingCode, Severity } from '#core/findings.ts';
import type { RunState } from '#core/run/run-state.ts';
import { MERGE_NOTES } from '#core/upload/merge-notes.ts';

import type { Tx } from '../database.ts';

export interface StoredRun {
  readonly id: string;
  readonly profileId: string;
  readonly uploadId: string | null;
  readonly state: RunState;
  readonly attempt: number;
  readonly requestedBy: string;
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
  readonly trigger: string;
  readonly planOnly: boolean;
  readonly addsOnly: boolean;
  readonly certificate: unknown;
  readonly cancelRequested: boolean;
  readonly profileDisplayName: string;
  /** Display names, where requestedBy and acceptedBy are applications. */
  readonly requestedByName: string | null;
  readonly acceptedByName: string | null;
}

const COLUMNS = `r.id, r.profile_id as "profileId", r.upload_id as "uploadId", r.state, r.attempt,
  r.requested_by as "requestedBy", r.trigger, r.tolerance_waived as "toleranceWaived", r.verdict_accepted as "verdictAccepted",
  r.confirmed_files as "confirmedFiles", r.accepted_by as "acceptedBy", r.accepted_at as "acceptedAt", r.progress,
  r.counts, r.message, r.error_code as "errorCode", r.next_attempt_at as "nextAttemptAt", r.created_at as "createdAt",
  r.started_at as "startedAt", r.staged_at as "stagedAt", r.planned_at as "plannedAt", r.finished_at as "finishedAt",
  l.verdict, l.counts as "planCounts", l.item_count as "itemCount", r.plan_only as "planOnly",
  r.adds_only as "addsOnly", r.certificate, r.cancel_requested as "cancelRequested", p.display_name as "profileDisplayName",
  requester.display_name as "requestedByName", accepter.display_name as "acceptedByName"`;
/** Actors are application ids, and words for what Rollbook does by itself: compared as text. A tenant has few applications. */
const FROM = `from run r join profile p on p.tenant_id = r.tenant_id and p.id = r.profile_id
  left join plan l on l.tenant_id = r.tenant_id and l.run_id = r.id
  left join application requester on requester.id::text = r.requested_by
  left join application accepter on accepter.id::text = r.accepted_by`;

export async function readRun(tx: Tx, runId: string): Promise<StoredRun | null> {
  const rows = await tx.query<StoredRun>(`select ${COLUMNS} ${FROM} where r.id = $1`, [runId]);
  return rows[0] ?? null;
}

/** What the run read and changes, as it was stored (engine/run-counts). */
export async function readRunCounts(tx: Tx, runId: string): Promise<unknown> {
  const rows = await tx.query<{ counts: unknown }>('select counts from run where id = $1', [runId]);
  return rows[0]?.counts ?? null;
}

/** Valid records in the files of a run; 0: it read none. */
export async function countRecordsRead(tx: Tx, runId: string): Promise<number> {
  const rows = await tx.query<{ records: number | null }>(
    `select (run_totals(counts) ->> 'records')::float8 as records from run where id = $1`,
    [runId],
  );
  return rows[0]?.records ?? 0;
}

/** The newest runs of a profile, the newest first. */
export async function listLatestRuns(tx: Tx, profileId: string, limit: number): Promise<StoredRun[]> {
  return tx.query<StoredRun>(
    `select ${COLUMNS} ${FROM} where r.profile_id = $1 order by r.created_at desc, r.id desc limit $2`,
    [profileId, limit],
  );
}

/** Which runs of a tenant are listed. Days are those of the tenant's time zone; `to` includes its day, or its moment. */
export interface RunFilter {
  readonly profileId?: string | undefined;
  readonly states?: readonly RunState[] | undefined;
  readonly from?: RunMoment | undefined;
  readonly to?: RunMoment | undefined;
}

/** `YYYY-MM-DD`, or a moment with its offset. */
export type RunMoment = { readonly day: string } | { readonly moment: Date };

/**
 * Runs of the tenant, the newest first, behind the run `afterId`. Ordered by id, which begins with the time it was made at: the primary key
 * serves every page, however many there are.
 */
export async function listRunsOfTenant(
  tx: Tx,
  filter: RunFilter,
  page: { readonly afterId: string | undefined; readonly limit: number },
): Promise<StoredRun[]> {
  const { from, to } = filter;
  return tx.query<StoredRun>(
    `select ${COLUMNS} ${FROM}
      where ($1::uuid is null or r.id < $1) and ($2::uuid is null or r.profile_id = $2)
        and ($3::text[] is null or r.state = any($3))
        and ($4::timestamptz is null or r.created_at >= $4) and ($5::timestamptz is null or r.created_at <= $5)
        and ($6::date is null or r.created_at >= ($6::timestamp at time zone (select time_zone from tenant)))
        and ($7::date is null or r.created_at < (($7::date + 1)::timestamp at time zone (select time_zone from tenant)))
      order by r.id desc limit $8`,
    [
      page.afterId ?? null,
      filter.profileId ?? null,
      filter.states ?? null,
      from && 'moment' in from ? from.moment : null,
      to && 'moment' in to ? to.moment : null,
      from && 'day' in from ? from.day : null,
      to && 'day' in to ? to.day : null,
      page.limit,
    ],
  );
}

export interface StoredRunEvent {
  readonly at: Date;
  readonly event: string;
  readonly state: string;
  readonly actor: string;
  /** Where the actor is an application. */
  readonly actorName: string | null;
  readonly detail: unknown;
}

/** The timeline of a run, in order. */
export async function listRunEvents(tx: Tx, runId: string): Promise<StoredRunEvent[]> {
  return tx.query<StoredRunEvent>(
    `select e.at, e.event, e.state, e.actor, a.display_name as "actorName", e.detail
       from run_event e left join application a on a.id::text = e.actor
      where e.run_id = $1 order by e.at, e.id`,
    [runId],
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

export interface StoredRunFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Its bytes are there; else they were erased at `erasedAt`. */
  readonly bytesKept: boolean;
  readonly erasedAt: Date | null;
}

/** The files a run was made from, by name; of a merged set not what Rollbook notes of its making. */
export async function listRunFiles(tx: Tx, uploadId: string): Promise<StoredRunFile[]> {
  return tx.query<StoredRunFile>(
    `select f.name, f.size_bytes::float8 as "sizeBytes", encode(f.sha256, 'hex') as sha256,
            u.wrapped_key is not null as "bytesKept", u.erased_at as "erasedAt"
       from upload_file f join upload u on u.tenant_id = f.tenant_id and u.id = f.upload_id
      where f.upload_id = $1 and not (u.base_upload_id is not null and f.name = $2) order by lower(f.name)`,
    [uploadId, MERGE_NOTES],
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
