import { deriveProfileStatus, type StatusFacts } from '#core/run/profile-status.ts';
import { isFinal, RUN_STATES } from '#core/run/run-state.ts';
import { type RollbookMetrics, SILENT_HOURS, STATUSES } from '#core/telemetry/metric-table.ts';
import { asOwner, type Database } from '#storage/database.ts';
import { poolStates } from '#storage/monitor/pool-states.ts';
import { type QueueGauges, readQueueGauges } from '#storage/monitor/read-gauges.ts';
import { readStatusFactsOfEverybody } from '#storage/profiles/read-status-facts.ts';
import { countUnfinishedRuns } from '#storage/runs/count-unfinished-runs.ts';

/** Readers that come in between get the numbers of the one before. */
const KEPT_MS = 5_000;
/** Where there are many profiles reading them takes long; then it is done less often, so that it takes a hundredth of the time. */
const SHARE = 100;
/** A database that was slow once hides nothing for longer. */
const LONGEST_KEPT_MS = 300_000;
/** A database that takes longer counts as down; the other numbers are wanted all the more. */
const PATIENCE_MS = 4_000;

const GAUGES = [
  'rollbook_runs',
  'rollbook_queue_runs',
  'rollbook_queue_oldest_seconds',
  'rollbook_profiles',
  'rollbook_profiles_without_success',
  'rollbook_oldest_success_seconds',
  'rollbook_notices_waiting',
] as const;

interface Facts {
  readonly runs: readonly { readonly state: string; readonly runs: number }[];
  readonly queue: QueueGauges;
  readonly profiles: readonly StatusFacts[];
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
  const readFacts = openReader(db);
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<Facts | null> | null = null;
  metrics.beforeReading(async () => {
    if (performance.now() - readAtMs < KEPT_MS) return;
    reading ??= readFacts().finally(() => {
      reading = null;
    });
    const facts = await orLate(reading);
    metrics.set('rollbook_database_up', {}, facts === null ? 0 : 1);
    // What nobody knows any more is better missing than old.
    if (facts === null) for (const name of GAUGES) metrics.clear(name);
    else {
      showFacts(metrics, facts, now());
      readAtMs = performance.now();
    }
  });
}

/** How long profiles are kept that took so long to be read. */
export function keptMs(readingMs: number): number {
  return Math.min(Math.max(KEPT_MS, readingMs * SHARE), LONGEST_KEPT_MS);
}

/** Runs and queue are read each time, profiles when those of the time before are no longer kept. Null: the database does not answer. */
function openReader(db: Database): () => Promise<Facts | null> {
  let profiles: readonly StatusFacts[] = [];
  let keptUntilMs = Number.NEGATIVE_INFINITY;
  return () =>
    asOwner(db, async (tx) => {
      const [runs, queue] = [await countUnfinishedRuns(tx), await readQueueGauges(tx)];
      const startedMs = performance.now();
      if (startedMs >= keptUntilMs) {
        profiles = await readStatusFactsOfEverybody(tx);
        const endedMs = performance.now();
        keptUntilMs = endedMs + keptMs(endedMs - startedMs);
      }
      return { runs, queue, profiles };
    }).catch(() => null);
}

async function orLate<T>(reading: Promise<T | null>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE_MS);
  });
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
  }
}

function showFacts(metrics: RollbookMetrics, { runs, queue, profiles }: Facts, now: Date): void {
  for (const state of RUN_STATES.filter((known) => !isFinal(known))) {
    const count = runs.find((entry) => entry.state === state)?.runs ?? 0;
    metrics.set('rollbook_runs', { state }, count);
  }
  metrics.set('rollbook_queue_runs', {}, queue.runs);
  metrics.set('rollbook_queue_oldest_seconds', {}, Math.max(0, queue.oldestSeconds));
  metrics.set('rollbook_notices_waiting', {}, queue.noticesWaiting);
  const judged = profiles.map((facts) => ({
    status: deriveProfileStatus(facts).status,
    silentSeconds:
      facts.lastSynchronizationAt === null
        ? null
        : (now.getTime() - facts.lastSynchronizationAt.getTime()) / 1_000,
  }));
  for (const status of STATUSES)
    metrics.set(
      'rollbook_profiles',
      { status },
      judged.filter((profile) => profile.status === status).length,
    );
  const silences = judged.flatMap(({ status, silentSeconds }) =>
    status === 'paused' || silentSeconds === null ? [] : [silentSeconds],
  );
  for (const hours of SILENT_HOURS)
    metrics.set(
      'rollbook_profiles_without_success',
      { hours: String(hours) },
      silences.filter((seconds) => seconds > hours * 3_600).length,
    );
  metrics.set('rollbook_oldest_success_seconds', {}, Math.max(0, ...silences));
}
