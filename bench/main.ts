/**
 * npm run bench: what it prints with --help.
 *
 * Makes a deterministic roster, starts PostgreSQL and Rollbook as processes of their own, and syncs it as a script would; or measures one part
 * of that (bench/syncs.ts, staging.ts, reads.ts, ...), beside yardsticks in the same run.
 */
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { measureFormats, printFormats } from './formats.ts';
import { CONNECTIONS, measureRequests, printRequests } from './http-requests.ts';
import { syncsAsMarkdown } from './markdown.ts';
import { measureReview } from './plan-review.ts';
import { printSyncs } from './print-syncs.ts';
import { measureReads, printReads } from './reads.ts';
import { generateRoster, ROSTER_SIZES } from './roster-generator.ts';
import { type BenchService, withServer, withService } from './service.ts';
import { measureStaging, printStaging } from './staging.ts';
import { createProfile, syncFolder } from './sync-folder.ts';
import { measureSyncs, SCENARIOS } from './syncs.ts';
import { measureWorkers, printWorkers } from './workers.ts';

const USAGE = `npm run bench -- [--size village|school|district|state|nation] [--seed N] [--json | --markdown] [--at <folder>]
                 [--scenarios a,b,c] [--rounds N] | --stage | --reads | --http | --review | --format | --workers [--profiles N]

Makes a deterministic roster, starts PostgreSQL and Rollbook as processes of their own, and syncs it as a script would: into an empty
directory, again without a change, with 0.5 % changed, with faulty rows, without a school, with other ids (bench/syncs.ts has them all; --scenarios picks some).
Prints seconds, rows per second, and what the processes used, and the ratios to the two yardsticks measured in the same run: parsing the
files with udsv alone, and a bare COPY of the rows that the first sync made. Instead of that, one of:

  --stage    reading, checking and comparing alone, beside reading and hashing the bytes, udsv, and DuckDB doing the same
  --reads    page 10,000 of users beside page 1, a person's classes and a class's members in the database, the start of the service
  --http     requests per second of what clients ask most, beside a bare Fastify route
  --review   what it costs to plan the roster and to look at the plan
  --format   rows per second of reading and checking the roster in each format
  --workers  profiles per hour with 1, 2 and 4 workers on one database (the size is village or school)

--markdown: the tables and the chart of docs/performance.md. --at: works in that folder and leaves everything there; another call
with it goes on with the directory that is there.
Times of a shared machine say little; the ratios are what to look at.`;

const { values } = parseCall(() =>
  parseArgs({
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      size: { type: 'string', default: 'district' },
      seed: { type: 'string', default: '1' },
      at: { type: 'string' },
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      scenarios: { type: 'string', default: Object.keys(SCENARIOS).join(',') },
      rounds: { type: 'string', default: '1' },
      stage: { type: 'boolean', default: false },
      reads: { type: 'boolean', default: false },
      http: { type: 'boolean', default: false },
      review: { type: 'boolean', default: false },
      format: { type: 'boolean', default: false },
      workers: { type: 'boolean', default: false },
      profiles: { type: 'string', default: '16' },
    },
  }),
);
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const size = oneOf('--size', values.size, ROSTER_SIZES);
const scenarios = values.scenarios.split(',').map((name) => oneOf('--scenarios', name, SCENARIOS));
const seed = Number(values.seed);
const say = (line: string): void => console.error(line);

const work = values.at === undefined ? await mkdtemp(join(tmpdir(), 'rollbook-bench-')) : resolve(values.at);
await mkdir(work, { recursive: true });
await chmod(work, 0o755);
try {
  if (values.stage) show(await measureStaging(work, size, seed, say), printStaging);
  else if (values.reads) show(await measureReads(work, { size, seed }, say), printReads);
  else if (values.workers) show(await benchWorkers(), printWorkers);
  else if (values.format) show(await measureFormats(await writeRoster()), printFormats);
  else if (values.http) show(await withRoster(benchRequests), printRequests);
  else if (values.review) show(await withRoster(benchReview), undefined);
  else
    show(
      await measureSyncs(work, { size, seed, scenarios, rounds: Number(values.rounds) }, say),
      values.markdown ? (report) => console.log(syncsAsMarkdown(report)) : printSyncs,
    );
} finally {
  if (values.at === undefined) await rm(work, { recursive: true, force: true });
  else say(`left in ${work}`);
}

function show<T>(report: T, print: ((report: T) => void) | undefined): void {
  if (values.json || print === undefined) console.log(JSON.stringify(report, null, 2));
  else print(report);
}

/** First syncs of many small profiles. */
function benchWorkers(): ReturnType<typeof measureWorkers> {
  say('starting PostgreSQL ...');
  const small = size === 'village' ? 'village' : 'school';
  return withServer(work, ({ url }) =>
    measureWorkers(work, url, { profiles: Number(values.profiles), size: small, seed }, say),
  );
}

/** A preview of the whole roster on an empty directory, and looks at it. */
async function benchReview(service: BenchService, folder: string): ReturnType<typeof measureReview> {
  say('plan ...');
  return measureReview(service.api, await createProfile(service.api, 'Bench'), folder, service.database);
}

/** Requests to a service that has synced the roster once, and a village for each of the other profiles. */
async function benchRequests(
  { api, database }: BenchService,
  folder: string,
): ReturnType<typeof measureRequests> {
  const profileIds = [await createProfile(api, 'Bench')];
  say('sync ...');
  await syncFolder(api, profileIds[0] ?? '', folder);
  const village = join(work, 'village');
  await generateRoster(village, { size: 'village', seed });
  while (profileIds.length < CONNECTIONS) {
    const id = await createProfile(api, `Village ${profileIds.length}`, `v${profileIds.length}.example`);
    await syncFolder(api, id, village);
    profileIds.push(id);
  }
  say('requests ...');
  return measureRequests(api, profileIds, database);
}

async function withRoster<T>(measure: (service: BenchService, folder: string) => Promise<T>): Promise<T> {
  const folder = await writeRoster();
  say('starting PostgreSQL and Rollbook ...');
  return withServer(work, (server) =>
    withService(work, server, 'bench', (service) => measure(service, folder)),
  );
}

async function writeRoster(): Promise<string> {
  const folder = join(work, 'roster');
  say(`writing the roster of a ${size} ...`);
  await generateRoster(folder, { size, seed });
  return folder;
}

function oneOf<Key extends string>(option: string, name: string, table: Record<Key, unknown>): Key {
  if (Object.hasOwn(table, name)) return name as Key;
  console.error(`${option} is one of ${Object.keys(table).join(', ')}`);
  process.exit(2);
}

function parseCall<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}
