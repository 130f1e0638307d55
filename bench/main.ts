/**
 * npm run bench -- [--size village|school|district|state|nation] [--stage | --review | --http | --format | --workers [--profiles N]] [--keep] [--json]
 *
 * Makes a deterministic roster, starts PostgreSQL and Rollbook as processes of their own, and syncs it as a script would:
 * first, again without a change, and with 0.5 % of the rows changed. Prints seconds, rows per second and peak memory, and the ratios to
 * the two yardsticks measured in the same run: parsing the files with udsv alone, and a bare COPY of the rows that the first
 * sync made. With --stage: reading, checking and comparing alone, beside reading and hashing the bytes, udsv, and DuckDB doing the same. With
 * --http: requests per second of what clients ask most, beside a bare Fastify route. With --format: rows per second of reading and checking the roster in each
 * format. With --workers: profiles per hour with 1, 2 and 4 workers on one database (the size is village or school). With --review: what it costs to plan the
 * roster and to look at the plan, instead. Times of a shared machine say little; the ratios are what to look at.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { fileURLToPath } from 'node:url';

import { prepareRoles } from '#storage/roles.ts';
import { migrate } from '#storage/migrate.ts';
import { startPostgres } from '#storage/postgres-server/start-postgres.ts';
import { startRollbookProcess } from '#test/helpers/rollbook-process.ts';

import { createDatabase, measureBareCopy } from './bare-copy.ts';
import { type FormatMeasure, measureFormats } from './formats.ts';
import type { Api } from './http-client.ts';
import { CONNECTIONS, measureRequests, type RequestMeasures } from './http-requests.ts';
import { measureReview, type ReviewMeasure } from './plan-review.ts';
import { generateRoster, type RosterSize, ROSTER_SIZES } from './roster-generator.ts';
import { measureStaging, printStaging } from './staging.ts';
import { GOAL, measureWorkers, type WorkersMeasure } from './workers.ts';
import { createProfile, syncFolder, type SyncMeasure } from './sync-folder.ts';

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'district' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    review: { type: 'boolean', default: false },
    http: { type: 'boolean', default: false },
    format: { type: 'boolean', default: false },
    stage: { type: 'boolean', default: false },
    workers: { type: 'boolean', default: false },
    profiles: { type: 'string', default: '16' },
  },
});
const size = values.size as RosterSize;
if (!Object.hasOwn(ROSTER_SIZES, size)) {
  console.error(`--size is one of ${Object.keys(ROSTER_SIZES).join(', ')}`);
  process.exit(2);
}
const seed = Number(values.seed);

const work = await mkdtemp(join(tmpdir(), 'rollbook-bench-'));
await chmod(work, 0o755);
const say = (line: string): void => console.error(line);
try {
  if (values.stage) await benchStaging(work);
  else if (values.workers) printWorkers(await benchWorkers(work));
  else if (values.format) printFormats(await benchFormats(work));
  else if (values.http) printRequests(await benchRequests(work));
  else if (values.review) console.log(JSON.stringify(await benchReview(work), null, 2));
  else {
    const report = await bench(work);
    if (values.json) console.log(JSON.stringify(report, null, 2));
    else print(report);
  }
} finally {
  if (values.keep) say(`kept: ${work}`);
  else await rm(work, { recursive: true, force: true });
}

interface Report {
  readonly machine: string;
  readonly size: string;
  readonly rows: number;
  readonly parseSeconds: number;
  readonly bareCopy: { readonly seconds: number; readonly rows: number };
  readonly syncs: readonly (SyncMeasure & { readonly name: string; readonly peakMemoryMiB: number | null })[];
}

async function bench(directory: string): Promise<Report> {
  const folders = { first: join(directory, 'roster'), changed: join(directory, 'changed') };
  say(`writing the roster of a ${size} ...`);
  await generateRoster(folders.first, { size, seed });
  await generateRoster(folders.changed, { size, seed, change: 0.005 });
  const parse = median([
    await parseAlone(folders.first),
    await parseAlone(folders.first),
    await parseAlone(folders.first),
  ]);
  say('starting PostgreSQL and Rollbook ...');
  const server = await startPostgres(join(directory, 'postgres'));
  try {
    const database = await createDatabase(server.url, 'bench');
    const rollbook = await startRollbookProcess({ dataDir: join(directory, 'data'), databaseUrl: database });
    const api = { baseUrl: rollbook.baseUrl, token: await rollbook.token() };
    const syncs: Report['syncs'][number][] = [];
    try {
      const profileId = await createProfile(api, 'Bench');
      for (const [name, folder] of [
        ['first', folders.first],
        ['no change', folders.first],
        ['no change again', folders.first],
        ['0.5 % changed', folders.changed],
      ] as const) {
        say(`sync: ${name} ...`);
        const measure = await syncFolder(api, profileId, folder);
        const peak = await rollbook.peakMemoryBytes();
        syncs.push({ name, ...measure, peakMemoryMiB: peak === null ? null : Math.round(peak / 1048576) });
        say(`  ${measure.seconds.toFixed(2)} s, status ${measure.status}`);
      }
    } finally {
      await rollbook.stop();
    }
    say('bare COPY of the same rows ...');
    const bareDatabase = await createDatabase(server.url, 'bare');
    const address = await prepareRoles({ url: bareDatabase, appPassword: 'bench', serverIsOurs: true });
    await migrate(address.ownerConnectionString);
    const exchange = join(directory, 'copy');
    await mkdir(exchange);
    await chmod(exchange, 0o777);
    const bareCopy = await measureBareCopy(database, bareDatabase, exchange);
    return {
      machine: `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
      size,
      rows: parse.rows,
      parseSeconds: parse.seconds,
      bareCopy,
      syncs,
    };
  } finally {
    await server.stop();
  }
}

/** Reading, checking and comparing alone. No service takes part. */
async function benchStaging(directory: string): Promise<void> {
  const scenarios = await measureStaging(directory, size, seed, say);
  if (values.json) console.log(JSON.stringify(scenarios, null, 2));
  else printStaging(scenarios);
}

/** First syncs of many small profiles. */
async function benchWorkers(directory: string): Promise<WorkersMeasure[]> {
  say('starting PostgreSQL ...');
  const server = await startPostgres(join(directory, 'postgres'));
  try {
    const small = size === 'village' ? 'village' : 'school';
    return await measureWorkers(
      directory,
      server.url,
      { profiles: Number(values.profiles), size: small, seed },
      say,
    );
  } finally {
    await server.stop();
  }
}

/** The roster in each format. No service takes part. */
async function benchFormats(directory: string): Promise<FormatMeasure[]> {
  const folder = join(directory, 'roster');
  say(`writing the roster of a ${size} ...`);
  await generateRoster(folder, { size, seed });
  say('reading it in each format ...');
  return measureFormats(folder);
}

/** A preview of the whole roster on an empty directory, and looks at it. */
async function benchReview(directory: string): Promise<ReviewMeasure> {
  return withService(directory, async ({ api, database, folder }) => {
    say('plan ...');
    return measureReview(api, await createProfile(api, 'Bench'), folder, database);
  });
}

/** Requests to a service that has synced the roster once, and a village for each of the other profiles. */
async function benchRequests(directory: string): Promise<RequestMeasures> {
  return withService(directory, async ({ api, database, folder }) => {
    const profileIds = [await createProfile(api, 'Bench')];
    say('sync ...');
    await syncFolder(api, profileIds[0] ?? '', folder);
    const village = join(directory, 'village');
    await generateRoster(village, { size: 'village', seed });
    while (profileIds.length < CONNECTIONS) {
      const id = await createProfile(api, `Village ${profileIds.length}`, `v${profileIds.length}.example`);
      await syncFolder(api, id, village);
      profileIds.push(id);
    }
    say('requests ...');
    return measureRequests(api, profileIds, database);
  });
}

/** A roster in a folder, and a service on a database of its own, for as long as the measurement takes. */
async function withService<T>(
  directory: string,
  measure: (service: { api: Api; database: string; folder: string }) => Promise<T>,
): Promise<T> {
  const folder = join(directory, 'roster');
  say(`writing the roster of a ${size} ...`);
  await generateRoster(folder, { size, seed });
  say('starting PostgreSQL and Rollbook ...');
  const server = await startPostgres(join(directory, 'postgres'));
  try {
    const database = await createDatabase(server.url, 'bench');
    const rollbook = await startRollbookProcess({
      dataDir: join(directory, 'data'),
      databaseUrl: database,
    });
    try {
      return await measure({
        api: { baseUrl: rollbook.baseUrl, token: await rollbook.token() },
        database,
        folder,
      });
    } finally {
      await rollbook.stop();
    }
  } finally {
    await server.stop();
  }
}

async function parseAlone(folder: string): Promise<{ seconds: number; rows: number }> {
  const script = fileURLToPath(new URL('./parse-alone.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, folder]);
  return JSON.parse(stdout) as { seconds: number; rows: number };
}

function median<T extends { seconds: number }>(measures: readonly T[]): T {
  const sorted = measures.toSorted((a, b) => a.seconds - b.seconds);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

function printWorkers(measures: readonly WorkersMeasure[]): void {
  if (values.json) {
    console.log(JSON.stringify(measures, null, 2));
    return;
  }
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

function printRequests(measures: RequestMeasures): void {
  if (values.json) {
    console.log(JSON.stringify(measures, null, 2));
    return;
  }
  for (const [name, { requestsPerSecond, p50Ms, p99Ms, ratioToBare }] of Object.entries(measures))
    console.log(
      `${name.padEnd(22)} ${requestsPerSecond.toFixed(0).padStart(6)} requests/s  p50 ${p50Ms.toFixed(1).padStart(6)} ms  ` +
        `p99 ${p99Ms.toFixed(1).padStart(6)} ms  ${ratioToBare.toFixed(2)} x the bare route`,
    );
}

function printFormats(measures: readonly FormatMeasure[]): void {
  if (values.json) {
    console.log(JSON.stringify(measures, null, 2));
    return;
  }
  for (const { format, rows, rowsPerSecond, ratioToFirst } of measures)
    console.log(
      `${format.padEnd(12)} ${String(rows).padStart(8)} rows  ${Math.round(rowsPerSecond).toString().padStart(8)} rows/s  ` +
        `${ratioToFirst.toFixed(2)} x ${measures[0]?.format ?? ''}`,
    );
}

function print(report: Report): void {
  console.log(`machine: ${report.machine}`);
  console.log(`roster: ${report.size}, ${report.rows} rows`);
  console.log(`udsv alone, reading and parsing: ${report.parseSeconds.toFixed(2)} s`);
  console.log(
    `bare COPY of ${report.bareCopy.rows} rows into the final tables: ${report.bareCopy.seconds.toFixed(2)} s`,
  );
  for (const sync of report.syncs) {
    console.log('');
    console.log(
      `${sync.name}: ${sync.seconds.toFixed(2)} s from start to ${sync.status}, ${Math.round(report.rows / sync.seconds)} rows/s, ` +
        `${(sync.seconds / report.parseSeconds).toFixed(1)} x udsv, ${(sync.seconds / report.bareCopy.seconds).toFixed(2)} x bare COPY`,
    );
    console.log(
      `  items: ${sync.items}; peak memory of the process so far: ${sync.peakMemoryMiB ?? '?'} MiB`,
    );
    console.log(
      `  status requests meanwhile: ${sync.statusRequests}, p50 ${sync.statusP50Ms.toFixed(1)} ms, p99 ${sync.statusP99Ms.toFixed(1)} ms`,
    );
    console.log(
      `  event loop late by: p99 ${sync.loopP99Ms.toFixed(1)} ms, most ${sync.loopMaxMs.toFixed(1)} ms`,
    );
    for (const [stage, ms] of Object.entries(sync.timings))
      console.log(`  ${stage}: ${(ms / 1000).toFixed(2)} s`);
  }
}
