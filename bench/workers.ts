import { mkdtemp, readFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';

import { TEST_SECRET_KEY } from '#test/helpers/rollbook.ts';
import {
  startRollbookProcess,
  startWorkerProcess,
  type WorkerProcess,
} from '#test/helpers/rollbook-process.ts';

import { createDatabase } from './bare-copy.ts';
import { type Api, call, keepToken, uploadFolder } from './http-client.ts';
import { generateRoster } from './roster-generator.ts';
import { createProfile } from './sync-folder.ts';

/** What so many workers get done on one database. */
export interface WorkersMeasure {
  readonly workers: number;
  readonly profiles: number;
  /** From the first start to the end of the last run. */
  readonly seconds: number;
  readonly profilesPerHour: number;
  readonly ratioToOne: number;
  /** Of all cores of the machine, by everything that runs on it; null where the system does not say. */
  readonly machineCpuPercent: number | null;
  /** CPU seconds of the workers alone. */
  readonly workerCpuSeconds: number | null;
}

/** What two workers have to reach: so much of one's rate, or so much of the machine. */
const GOAL = { ratio: 1.7, cpuPercent: 90 } as const;

const PROFILES = '/beta/education/synchronizationProfiles';

/**
 * First syncs of as many profiles, all started at once, with 1, 2 and 4 workers of one run at a time. Each count has a database of its own, so
 * that all do the same work. Uploads and the start of the processes are not in the time.
 */
export async function measureWorkers(
  directory: string,
  serverUrl: string,
  options: { readonly profiles: number; readonly size: 'village' | 'school'; readonly seed: number },
  say: (line: string) => void,
): Promise<WorkersMeasure[]> {
  const folder = join(directory, 'roster');
  await generateRoster(folder, { size: options.size, seed: options.seed });
  const measures: WorkersMeasure[] = [];
  for (const workers of [1, 2, 4]) {
    say(`${workers} worker${workers === 1 ? '' : 's'} ...`);
    const database = await createDatabase(serverUrl, `workers${workers}`);
    const measured = await measureCount({ workers, profiles: options.profiles, folder, database });
    const profilesPerHour = (options.profiles / measured.seconds) * 3_600;
    const first = measures[0]?.profilesPerHour ?? profilesPerHour;
    measures.push({
      workers,
      profiles: options.profiles,
      profilesPerHour,
      ratioToOne: profilesPerHour / first,
      ...measured,
    });
  }
  return measures;
}

async function measureCount(what: {
  readonly workers: number;
  readonly profiles: number;
  readonly folder: string;
  readonly database: string;
}): Promise<Pick<WorkersMeasure, 'seconds' | 'machineCpuPercent' | 'workerCpuSeconds'>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'rollbook-bench-data-'));
  const place = { dataDir, databaseUrl: what.database };
  const env = { SECRET_KEY: TEST_SECRET_KEY, RUN_CONCURRENCY: '1', START_WAIT_SECONDS: '0' };
  const server = await startRollbookProcess({ ...place, env: { ...env, MODE: 'api' } });
  const workers: WorkerProcess[] = [];
  try {
    const api: Api = { baseUrl: server.baseUrl, token: keepToken(() => server.token()) };
    const ids: string[] = [];
    for (let profile = 0; profile < what.profiles; profile++)
      ids.push(await createProfile(api, `Profile ${profile}`, `p${profile}.example`));
    // One run before the clock: workers that have loaded everything, as they have in service.
    for (let index = 0; index < what.workers; index++) workers.push(startWorkerProcess({ ...place, env }));
    const warm = await createProfile(api, 'Warm', 'warm.example');
    for (let round = 0; round < what.workers; round++) await syncAll(api, [warm], what.folder);
    for (const id of ids) await upload(api, id, what.folder);

    const before = { machine: machineTicks(), workers: await cpuSecondsOf(workers) };
    const beganMs = performance.now();
    await startAll(api, ids);
    await allSettled(api, ids);
    const seconds = (performance.now() - beganMs) / 1_000;
    const after = { machine: machineTicks(), workers: await cpuSecondsOf(workers) };
    return {
      seconds,
      machineCpuPercent: busyPercent(before.machine, after.machine),
      workerCpuSeconds:
        before.workers === null || after.workers === null ? null : after.workers - before.workers,
    };
  } finally {
    for (const worker of workers) await worker.stop();
    await server.stop();
  }
}

async function upload(api: Api, profileId: string, folder: string): Promise<void> {
  const { value } = await call<{ value: string }>(api, 'GET', `${PROFILES}/${profileId}/uploadUrl`);
  await uploadFolder(value, folder);
}

async function startAll(api: Api, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => call<unknown>(api, 'POST', `${PROFILES}/${id}/start`)));
}

async function syncAll(api: Api, ids: readonly string[], folder: string): Promise<void> {
  for (const id of ids) await upload(api, id, folder);
  await startAll(api, ids);
  await allSettled(api, ids);
}

async function allSettled(api: Api, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    for (;;) {
      const path = `${PROFILES}/${id}/profileStatus`;
      const { status, statusMessage } = await call<{ status: string; statusMessage: string }>(
        api,
        'GET',
        path,
      );
      if (status === 'success') break;
      if (status !== 'inProgress') throw new Error(`a sync ended as ${status}: ${statusMessage}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

interface Ticks {
  readonly busy: number;
  readonly all: number;
}

/** Of all cores together since the machine started. */
function machineTicks(): Ticks {
  const sums = cpus().map(({ times }) => ({
    idle: times.idle,
    all: times.user + times.nice + times.sys + times.idle + times.irq,
  }));
  const all = sums.reduce((sum, core) => sum + core.all, 0);
  return { all, busy: all - sums.reduce((sum, core) => sum + core.idle, 0) };
}

function busyPercent(before: Ticks, after: Ticks): number | null {
  const all = after.all - before.all;
  return all <= 0 ? null : ((after.busy - before.busy) / all) * 100;
}

/** From /proc: user and system time in hundredths of a second. */
async function cpuSecondsOf(workers: readonly WorkerProcess[]): Promise<number | null> {
  let ticks = 0;
  for (const { pid } of workers) {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
    if (text === null) return null;
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / 100;
}

export function printWorkers(measures: readonly WorkersMeasure[]): void {
  for (const {
    workers,
    profilesPerHour,
    ratioToOne,
    machineCpuPercent,
    workerCpuSeconds,
    seconds,
  } of measures)
    console.log(
      `${workers} worker${workers === 1 ? ' ' : 's'} ${Math.round(profilesPerHour).toString().padStart(7)} profiles/h  ${ratioToOne.toFixed(2)} x one  ` +
        `${seconds.toFixed(1).padStart(6)} s  machine ${machineCpuPercent?.toFixed(0) ?? '?'} % busy  workers ${workerCpuSeconds?.toFixed(1) ?? '?'} CPU s`,
    );
  const two = measures.find(({ workers }) => workers === 2);
  const reached =
    two !== undefined && (two.ratioToOne >= GOAL.ratio || (two.machineCpuPercent ?? 0) >= GOAL.cpuPercent);
  console.log(
    `goal (two workers: ${GOAL.ratio} x one, or ${GOAL.cpuPercent} % of the machine): ${reached ? 'reached' : 'missed'}`,
  );
}
