/**
 * node bench/tenants.ts [--tenants 1,100,1000] [--json]
 *
 * What grows with the number of tenants: one tenant syncs a village, and is copied with 100 runs of its past until there are so many of it in one
 * database. Then what every process does all the time is measured: the statements of its loops (milliseconds, blocks that PostgreSQL
 * looked at, rows it gave back), the start, /metrics, and the CPU of a process that nobody asks for anything.
 */
import { readFile } from 'node:fs/promises';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { Client, type PoolClient } from 'pg';

import type { Tx } from '#storage/database.ts';
import { listOverdueProfiles } from '#storage/escrow/drop-escrow.ts';
import { listDueProfiles } from '#storage/escrow/queue-retry.ts';
import { readQueueGauges } from '#storage/monitor/read-gauges.ts';
import { findDueChannels } from '#storage/notices/claim-message.ts';
import { startPostgres } from '#storage/postgres-server/start-postgres.ts';
import { listLongQuarantined } from '#storage/profiles/quarantine.ts';
import { readStatusFactsOfEverybody } from '#storage/profiles/read-status-facts.ts';
import { countUnfinishedRuns } from '#storage/runs/count-unfinished-runs.ts';
import { findDueRuns, findDueTenants } from '#storage/runs/due-runs.ts';
import { listScheduledProfiles } from '#storage/schedule/profile-schedule.ts';
import { TEST_SECRET_KEY } from '#test/helpers/rollbook.ts';
import { type RollbookProcess, startRollbookProcess } from '#test/helpers/rollbook-process.ts';

import { createDatabase } from './bare-copy.ts';
import { addPastRuns, cloneTenant } from './clone-tenant.ts';
import { call, keepToken } from './http-client.ts';
import { generateRoster } from './roster-generator.ts';
import { createProfile, syncFolder } from './sync-folder.ts';

/** What a process asks over and over, and how often. */
const LOOPS: Readonly<Record<string, readonly [every: string, ask: (tx: Tx) => Promise<unknown>]>> = {
  'runs that are due': ['10 s', findDueRuns],
  'whose turn it is': ['each wake-up', findDueTenants],
  'profiles with a schedule': ['10 s', listScheduledProfiles],
  'escrow that is due': ['60 s', listDueProfiles],
  'escrow that is overdue': ['60 s', listOverdueProfiles],
  'long quarantines': ['60 s', (tx) => listLongQuarantined(tx, 28)],
  'notices that are due': ['5 s', findDueChannels],
  'metrics: runs': ['each scrape', countUnfinishedRuns],
  'metrics: queue': ['each scrape', readQueueGauges],
  'metrics: status of profiles': ['each scrape', readStatusFactsOfEverybody],
};
const IDLE_SECONDS = 30;
const ROUNDS = 3;

interface TenantsMeasure {
  readonly tenants: number;
  readonly databaseMiB: number;
  readonly loops: Readonly<Record<string, LoopMeasure>>;
  readonly readySeconds: number;
  readonly metricsMs: number;
  readonly metricsLines: number;
  readonly idleCpuPercent: number;
  readonly memoryMiB: number | null;
}

interface LoopMeasure {
  readonly ms: number;
  readonly blocks: number;
  readonly rows: number;
}

const { values } = parseArgs({
  options: { tenants: { type: 'string', default: '1,100,1000' }, json: { type: 'boolean', default: false } },
});
const work = await mkdtemp(join(tmpdir(), 'rollbook-tenants-'));
await chmod(work, 0o755);
const server = await startPostgres(join(work, 'postgres'));
const measures: TenantsMeasure[] = [];
try {
  const url = await createDatabase(server.url, 'tenants');
  const dataDir = join(work, 'data');
  const start = (): Promise<RollbookProcess> =>
    startRollbookProcess({ dataDir, databaseUrl: url, env: { SECRET_KEY: TEST_SECRET_KEY } });
  await syncVillage(await start(), join(work, 'village'));
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  await addPastRuns(client);
  for (const tenants of values.tenants.split(',').map(Number)) {
    console.error(`${tenants} tenants ...`);
    await cloneTenant(client, tenants);
    await client.query('vacuum analyze');
    const measure = { tenants, ...(await measureLoops(client)), ...(await measureProcess(start)) };
    measures.push(measure);
    if (!values.json) print(measure);
  }
  await client.end();
} finally {
  await server.stop();
  await rm(work, { recursive: true, force: true });
}
if (values.json) console.log(JSON.stringify(measures, null, 2));

/** A village, synced twice, that goes by a schedule: what a small district has. */
async function syncVillage(rollbook: RollbookProcess, folder: string): Promise<void> {
  try {
    await generateRoster(folder, { size: 'village', seed: 1 });
    const api = { baseUrl: rollbook.baseUrl, token: keepToken(() => rollbook.token()) };
    const profile = await createProfile(api, 'Village');
    for (const round of [1, 2]) {
      console.error(`sync ${round} of a village ...`);
      await syncFolder(api, profile, folder);
    }
    await call(api, 'PATCH', `/api/v1/profiles/${profile}/settings`, {
      schedule: { cron: '0 3 * * *', runOnUpload: true },
    });
  } finally {
    await rollbook.stop();
  }
}

async function measureLoops(client: Client): Promise<Pick<TenantsMeasure, 'databaseMiB' | 'loops'>> {
  const loops: Record<string, LoopMeasure> = {};
  await client.query('set role rollbook_owner; set search_path = rollbook');
  for (const [name, [, ask]] of Object.entries(LOOPS)) {
    const found: LoopMeasure[] = [];
    for (let round = 0; round < ROUNDS; round++)
      await ask(explaining(client, (measure) => found.push(measure)));
    found.sort((a, b) => a.ms - b.ms);
    loops[name] = found[Math.floor(ROUNDS / 2)] ?? { ms: 0, blocks: 0, rows: 0 };
  }
  await client.query('reset role');
  const { rows } = await client.query<{ size: string }>(
    'select pg_database_size(current_database()) as size',
  );
  return { databaseMiB: Math.round(Number(rows[0]?.size) / 2 ** 20), loops };
}

/** A transaction that has every statement explained instead, and gives back nothing. */
function explaining(client: Client, told: (measure: LoopMeasure) => void): Tx {
  return {
    client: client as unknown as PoolClient,
    async query<Row>(text: string, parameters?: readonly unknown[]) {
      const { rows } = await client.query<{ 'QUERY PLAN': [Explained] }>(
        `explain (analyze, buffers, timing off, format json) ${text}`,
        [...(parameters ?? [])],
      );
      const [explained] = rows[0]?.['QUERY PLAN'] ?? [];
      if (explained !== undefined) {
        const { Plan: plan } = explained;
        told({
          ms: explained['Execution Time'],
          blocks: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'],
          rows: plan['Actual Rows'],
        });
      }
      return [] as Row[];
    },
  };
}

interface Explained {
  readonly 'Execution Time': number;
  readonly Plan: {
    readonly 'Shared Hit Blocks': number;
    readonly 'Shared Read Blocks': number;
    readonly 'Actual Rows': number;
  };
}

async function measureProcess(
  start: () => Promise<RollbookProcess>,
): Promise<Omit<TenantsMeasure, 'tenants' | 'databaseMiB' | 'loops'>> {
  const began = performance.now();
  const rollbook = await start();
  const readySeconds = (performance.now() - began) / 1_000;
  try {
    const asked = performance.now();
    const text = await (await fetch(`${rollbook.baseUrl}/metrics`)).text();
    const metricsMs = performance.now() - asked;
    await wait(5);
    const before = await cpuSecondsOf(rollbook.pid);
    await wait(IDLE_SECONDS);
    const idleCpuPercent = (((await cpuSecondsOf(rollbook.pid)) - before) / IDLE_SECONDS) * 100;
    const peakMiB = await peakMemoryMiBOf(rollbook.pid);
    return {
      readySeconds,
      metricsMs,
      metricsLines: text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length,
      idleCpuPercent,
      memoryMiB: peakMiB,
    };
  } finally {
    await rollbook.stop();
  }
}

/** Highest resident memory so far; null where the system does not say. */
async function peakMemoryMiBOf(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
  return kib === undefined ? null : Math.round(Number(kib) / 1024);
}

function wait(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}

async function cpuSecondsOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function print(measure: TenantsMeasure): void {
  const { tenants, databaseMiB, readySeconds, metricsMs, metricsLines, idleCpuPercent, memoryMiB } = measure;
  console.log(
    `\n${tenants} tenants: database ${databaseMiB} MiB; ready after ${readySeconds.toFixed(1)} s; ` +
      `/metrics ${metricsMs.toFixed(0)} ms, ${metricsLines} lines; idle ${idleCpuPercent.toFixed(1)} % of a core, ${memoryMiB ?? '?'} MiB`,
  );
  for (const [name, { ms, blocks, rows }] of Object.entries(measure.loops))
    console.log(
      `  ${name.padEnd(28)} ${ms.toFixed(2).padStart(9)} ms ${String(blocks).padStart(8)} blocks ${String(rows).padStart(7)} rows  every ${LOOPS[name]?.[0] ?? ''}`,
    );
}
