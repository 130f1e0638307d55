import type { RunFacts, RunTotals, StatusFacts } from '#core/run/profile-status.ts';

import { readOnce, type Database, type Tx } from '../database.ts';

interface Row {
  id: string;
  state: StatusFacts['state'];
  state_message: string | null;
  provider_type: StatusFacts['providerType'];
  expiration_date: string | null;
  today: string;
  paused_at: Date | null;
  paused_because: string | null;
  reset_at: Date | null;
  quarantined_at: Date | null;
  quarantine_reason: string | null;
  quarantine_last_at: Date | null;
  quarantine_next_attempt_at: Date | null;
  broken_runs: number;
  last_synchronization_at: Date | null;
  last_activity_at: Date | null;
  error_count: number;
  active: JsonRun | null;
  newest: JsonRun | null;
  newest_does_not_count: boolean;
  newest_that_counts: JsonRun | null;
}

interface JsonRun {
  id: string;
  state: RunFacts['state'];
  error_code: string | null;
  trigger: string;
  message: string | null;
  progress: unknown;
  totals: RunTotals | null;
  next_attempt_at: string | null;
  cancel_requested: boolean;
}

/** A run `r`. As text: jsonb would be put together only to be taken apart again. Its counts stay where they are, they are large. */
const RUN_JSON = `json_build_object('id', r.id, 'state', r.state, 'error_code', r.error_code, 'trigger', r.trigger, 'message', r.message,
  'progress', r.progress, 'next_attempt_at', case when r.next_attempt_at > now() then r.next_attempt_at end,
  'cancel_requested', r.cancel_requested, 'totals', r.totals)`;

const OF_PROFILE = 'r.tenant_id = p.tenant_id and r.profile_id = p.id and not r.plan_only';

/** Not replaced, and made since the last reset. */
const VALID = `r.state <> 'superseded' and (p.reset_at is null or r.created_at > p.reset_at)`;

/** Of a valid run: nothing of its plan is in the directory, and nothing will be. */
const DOES_NOT_COUNT = `(r.state = 'rejected' or r.state = 'cancelled' and r.applied_item_no = 0 and r.apply_pass <= 1)`;

const NEWEST = 'order by r.created_at desc, r.id desc limit 1';

/**
 * All that the status of a profile is derived from, in one statement: pollers ask for it every few seconds. Null when
 * there is no such profile. The look-ups of runs use run_one_queued, run_one_executing and run_profile.
 */
export async function readStatusFacts(tx: Tx, profileId: string): Promise<StatusFacts | null> {
  return toStatusFacts(profileId, await tx.query<Row>(STATEMENT.text, [profileId]));
}

/** The same in a transaction of its own, in one round trip. */
export async function readStatusFactsOnce(
  db: Database,
  tenantId: string,
  profileId: string,
): Promise<StatusFacts | null> {
  return toStatusFacts(profileId, await readOnce<Row>(db, tenantId, STATEMENT, [profileId]));
}

/** The same of each of these profiles that is not deleted. */
export async function readStatusFactsOfAll(
  tx: Tx,
  profileIds: readonly string[],
): Promise<ReadonlyMap<string, StatusFacts>> {
  const rows = await tx.query<Row>(`${FACTS} where p.id = any($1::uuid[]) and p.state <> 'deleted'`, [
    profileIds,
  ]);
  return new Map(rows.map((row) => [row.id, factsOf(row.id, row)]));
}

/** The same of every profile of every tenant (as owner). */
export async function readStatusFactsOfEverybody(tx: Tx): Promise<StatusFacts[]> {
  const rows = await tx.query<Row>(`${FACTS} where p.state <> 'deleted'`);
  return rows.map((row) => factsOf(row.id, row));
}

const FACTS = `select p.id, p.state, p.state_message, p.data_provider ->> 'type' as provider_type, p.expiration_date,
            (now() at time zone t.time_zone)::date as today, p.paused_at, p.paused_because, p.reset_at,
            p.quarantined_at, p.quarantine_reason, p.quarantine_last_at, p.quarantine_next_attempt_at, p.broken_runs, p.last_synchronization_at, p.last_activity_at,
            (select count(*)::float8 from record_error e
              where e.tenant_id = p.tenant_id and e.profile_id = p.id) as error_count,
            coalesce(
              (select ${RUN_JSON} from run r where ${OF_PROFILE} and r.state in ('staging', 'planning', 'applying')),
              (select ${RUN_JSON} from run r where ${OF_PROFILE} and r.state = 'queued')) as active,
            case when n.id is not null then (select ${RUN_JSON} from (select n.*) r) end as newest, n.does_not_count as newest_does_not_count,
            case when n.does_not_count then
              (select ${RUN_JSON} from run r where ${OF_PROFILE} and ${VALID} and not ${DOES_NOT_COUNT} ${NEWEST}) end as newest_that_counts
       from profile p join tenant t on t.id = p.tenant_id
       left join lateral (select r.*, ${DOES_NOT_COUNT} as does_not_count from run r where ${OF_PROFILE} and ${VALID} ${NEWEST}) n on true`;

const STATEMENT = {
  name: 'status_facts',
  text: `${FACTS} where p.id = $1 and p.state <> 'deleted'`,
};

function toStatusFacts(profileId: string, [row]: readonly Row[]): StatusFacts | null {
  return row ? factsOf(profileId, row) : null;
}

function factsOf(profileId: string, row: Row): StatusFacts {
  return {
    profileId,
    state: row.state,
    stateMessage: row.state_message,
    providerType: row.provider_type,
    expirationDate: row.expiration_date,
    today: row.today,
    pausedAt: row.paused_at,
    pausedBecause: row.paused_because,
    resetAt: row.reset_at,
    quarantinedAt: row.quarantined_at,
    quarantineReason: row.quarantine_reason,
    quarantineLastAt: row.quarantine_last_at,
    quarantineNextAttemptAt: row.quarantine_next_attempt_at,
    brokenRuns: row.broken_runs,
    lastSynchronizationAt: row.last_synchronization_at,
    lastActivityAt: row.last_activity_at,
    errorCount: row.error_count,
    activeRun: toRunFacts(row.active),
    latestRun: toRunFacts(row.newest_does_not_count ? row.newest_that_counts : row.newest),
    cancelledRun: toRunFacts(row.newest_does_not_count ? row.newest : null),
  };
}

function toRunFacts(run: JsonRun | null): RunFacts | null {
  return (
    run && {
      id: run.id,
      state: run.state,
      errorCode: run.error_code,
      trigger: run.trigger,
      message: run.message,
      progress: run.progress,
      totals: run.totals,
      nextAttemptAt: run.next_attempt_at === null ? null : new Date(run.next_attempt_at),
      cancelRequested: run.cancel_requested,
    }
  );
}
