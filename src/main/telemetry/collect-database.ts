import { isFinal, RUN_STATES } from '#core/run/run-state.ts';
import { type RollbookMetrics, SILENT_HOURS, STATUSES } from '#core/telemetry/metric-table.ts';
import { asOwner, type Database } from '#storage/database.ts';
import { poolStates } from '#storage/monitor/pool-states.ts';
import { type QueueGauges, readQueueGauges } from '#storage/monitor/read-gauges.ts';
import { readStatusFactsOfEverybody } from '#storage/profiles/read-status-facts.ts';
import { countUnfinishedRuns } from '#storage/runs/count-unfinished-runs.ts';

import { keepProfiles, type ProfileNumbers, within } from './profile-numbers.ts';

/** Readers that come in between get the numbers of the one before. */
const KEPT_MS = 5_000;
/** A database that takes longer counts as down; the other numbers are wanted all the more. */
const PATIENCE_MS = 4_000;
/** For the profiles, while runs and queue are there already: readers of metrics do not wait for long either. */
const PROFILES_PATIENCE_MS = 1_000;

const GAUGES = [
  'rollbook_runs',
  'rollbook_queue_runs',
  'rollbook_queue_oldest_seconds',
  'rollbook_notices_waiting',
] as const;
const PROFILE_GAUGES = [
  'rollbook_profiles',
  'rollbook_profiles_without_success',
  'rollbook_oldest_success_seconds',
] as const;

interface Facts {
  readonly runs: readonly { readonly state: string; readonly runs: number }[];
  readonly queue: QueueGauges;
}

/** The pools of this process, and what the database knows of runs, profiles and notices. */
export function collectDatabase(metrics: RollbookMetrics, db: Database, now: () => Date): void {
  metrics.beforeReading(() => {
    for (const { pool, used, idle, waiting, most } of poolStates(db)) {
      metrics.set('rollbook_database_connections', { pool }, used);
      metrics.set('rollbook_database_connections_idle', { pool }, idle);
      metrics.set('rollbook_database_connections_most', { pool }, most);
      metrics.set('rollbook_database_waiting', { pool }, waiting);
    }
  });
  const profilesOf = keepProfiles(() => asOwner(db, readStatusFactsOfEverybody), {
    nowMs: () => performance.now(),
    patienceMs: PROFILES_PATIENCE_MS,
  });
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<Facts | null> | null = null;
  metrics.beforeReading(async () => {
    if (performance.now() - readAtMs < KEPT_MS) return;
    reading ??= readFacts(db).finally(() => {
      reading = null;
    });
    const facts = (await within(PATIENCE_MS, reading)) ?? null;
    metrics.set('rollbook_database_up', {}, facts === null ? 0 : 1);
    // What nobody knows any more is better missing than old.
    if (facts === null) {
      for (const name of [...GAUGES, ...PROFILE_GAUGES]) metrics.clear(name);
      return;
    }
    showFacts(metrics, facts);
    const profiles = await profilesOf();
    if (profiles === null) for (const name of PROFILE_GAUGES) metrics.clear(name);
    else showProfiles(metrics, profiles, now());
    readAtMs = performance.now();
  });
}

/** Null: the database does not answer. */
function readFacts(db: Database): Promise<Facts | null> {
  return asOwner(db, async (tx) => ({
    runs: await countUnfinishedRuns(tx),
    queue: await readQueueGauges(tx),
  })).catch(() => null);
}

function showFacts(metrics: RollbookMetrics, { runs, queue }: Facts): void {
  for (const state of RUN_STATES.filter((known) => !isFinal(known))) {
    const count = runs.find((entry) => entry.state === state)?.runs ?? 0;
    metrics.set('rollbook_runs', { state }, count);
  }
  metrics.set('rollbook_queue_runs', {}, queue.runs);
  metrics.set('rollbook_queue_oldest_seconds', {}, Math.max(0, queue.oldestSeconds));
  metrics.set('rollbook_notices_waiting', {}, queue.noticesWaiting);
}

function showProfiles(metrics: RollbookMetrics, profiles: readonly ProfileNumbers[], now: Date): void {
  for (const status of STATUSES)
    metrics.set(
      'rollbook_profiles',
      { status },
      profiles.filter((profile) => profile.status === status).length,
    );
  const silences = profiles.flatMap(({ status, lastSynchronizationAt }) =>
    status === 'paused' || lastSynchronizationAt === null
      ? []
      : [(now.getTime() - lastSynchronizationAt.getTime()) / 1_000],
  );
  for (const hours of SILENT_HOURS)
    metrics.set(
      'rollbook_profiles_without_success',
      { hours: String(hours) },
      silences.filter((seconds) => seconds > hours * 3_600).length,
    );
  metrics.set(
    'rollbook_oldest_success_seconds',
    {},
    silences.reduce((oldest, seconds) => Math.max(oldest, seconds), 0),
  );
}
