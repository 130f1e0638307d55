/**
 * `npm run bench`: one profile through the syncs of its life, from an empty directory to a new information system, and the yardsticks
 * of the first one: parsing the files with udsv alone, and a bare COPY of the rows that the first sync made.
 */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';

import type { PostgresServer } from '#storage/postgres-server/start-postgres.ts';

import { bareCopyOf, type BareCopyResult, settle } from './bare-copy.ts';
import { call } from './http-client.ts';
import { machineOf } from './machine.ts';
import { medianBy } from './quantile.ts';
import { type Resources, watchResources } from './resources.ts';
import { generateRoster, type GeneratorOptions, type RosterSize, ROSTER_SIZES } from './roster-generator.ts';
import { type BenchService, openProfile, withServer, withService } from './service.ts';
import { measureIdleStatus, syncFolder, type SyncMeasure } from './sync-folder.ts';

interface Scenario {
  readonly name: string;
  /** The roster that comes; without `repeats` it is the one before. */
  readonly roster?: Omit<GeneratorOptions, 'size' | 'seed'>;
  readonly ends?: 'error';
  /** Settings that the profile gets before. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

const CHANGED = { change: 0.005 };
/** Two days later: as much of the rest has changed each day. */
const LATER = { change: 0.015 };

/** In this order: what changes is told against the scenario before. */
export const SCENARIOS = {
  first: { name: 'first', roster: {} },
  unchanged: { name: 'no change' },
  again: { name: 'no change again' },
  changed: { name: '0.5 % changed', roster: CHANGED },
  secondDay: { name: 'another 0.5 %', roster: { change: 0.01 } },
  thirdDay: { name: 'and another 0.5 %', roster: LATER },
  faulty: { name: '0.2 % faulty rows', roster: { ...LATER, faults: 0.002 }, ends: 'error' },
  corrected: { name: 'the faults corrected', roster: LATER },
  vanished: { name: 'a school vanished', roster: { ...LATER, withoutFirstSchool: true } },
  returned: { name: 'the school is back', roster: LATER },
  // Another information system: everybody keeps the account, by user name.
  rekeyed: {
    name: 'all ids are others',
    roster: { ...LATER, newIds: true },
    settings: { linkByUserName: true },
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioKey = keyof typeof SCENARIOS;

const NEEDS_SCHOOLS: ReadonlySet<ScenarioKey> = new Set(['vanished', 'returned']);

export interface SyncsReport {
  readonly machine: string;
  readonly size: string;
  readonly rounds: number;
  readonly rows: number;
  readonly parseSeconds: number;
  readonly idleStatusP99Ms: number;
  /** Undefined when the first sync was not measured. */
  readonly bareCopy: BareCopyResult | undefined;
  readonly syncs: readonly MeasuredSync[];
}

export type MeasuredSync = SyncMeasure & {
  readonly name: string;
  readonly rowsPerSecond: number;
  readonly resources: Resources | null;
};

export interface SyncsOptions {
  readonly size: RosterSize;
  readonly seed: number;
  readonly scenarios: readonly ScenarioKey[];
  /** Each has a database of its own; the medians of the rounds are reported. */
  readonly rounds: number;
}

/** The database of the first round stays. */
export async function measureSyncs(
  directory: string,
  options: SyncsOptions,
  say: (line: string) => void,
): Promise<SyncsReport> {
  const { size, seed, rounds } = options;
  const folder = join(directory, 'roster');
  say(`writing the roster of a ${size} ...`);
  await generateRoster(folder, { size, seed });
  const parses = [await parseAlone(folder), await parseAlone(folder), await parseAlone(folder)];
  const parse = medianBy(parses, ({ seconds }) => seconds);
  say('starting PostgreSQL and Rollbook ...');
  const measured = await withServer(directory, async (server) => {
    const done: Awaited<ReturnType<typeof measureRound>>[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const name = round === 1 ? 'bench' : `bench${round}`;
      done.push(
        await withService(directory, server, name, (service) =>
          measureRound(directory, server, service, options, say),
        ),
      );
    }
    return done;
  });
  const copies = measured.flatMap(({ bareCopy }) => (bareCopy === undefined ? [] : [bareCopy]));
  return {
    machine: machineOf(),
    size,
    rounds,
    rows: parse.rows,
    parseSeconds: parse.seconds,
    idleStatusP99Ms: medianBy(measured, ({ idle }) => idle.p99Ms).idle.p99Ms,
    bareCopy: copies.length === 0 ? undefined : medianBy(copies, ({ seconds }) => seconds),
    syncs: (measured[0]?.syncs ?? []).map((_, index) =>
      medianBy(
        measured.flatMap(({ syncs }) => syncs[index] ?? []),
        ({ seconds }) => seconds,
      ),
    ),
  };
}

async function measureRound(
  directory: string,
  server: PostgresServer,
  service: BenchService,
  { size, seed, scenarios }: SyncsOptions,
  say: (line: string) => void,
): Promise<{
  idle: { p50Ms: number; p99Ms: number };
  bareCopy: BareCopyResult | undefined;
  syncs: MeasuredSync[];
}> {
  const { api, database } = service;
  const profileId = await openProfile(api);
  const idle = await measureIdleStatus(api, profileId);
  const syncs: MeasuredSync[] = [];
  let bareCopy: BareCopyResult | undefined;
  const folder = join(directory, 'variant');
  let rows = 0;
  for (const key of Object.keys(SCENARIOS) as ScenarioKey[]) {
    const { name, roster, ends, settings }: Scenario = SCENARIOS[key];
    // The only school cannot vanish: that would be a file without rows, which has a confirmation of its own.
    if (!scenarios.includes(key) || (ROSTER_SIZES[size].schools === 1 && NEEDS_SCHOOLS.has(key))) continue;
    if (roster !== undefined || rows === 0) {
      await rm(folder, { recursive: true, force: true });
      rows = await generateRoster(folder, { size, seed, ...roster });
    }
    if (settings !== undefined)
      await call<unknown>(api, 'PATCH', `/api/v1/profiles/${profileId}/settings`, settings);
    await settle(database);
    say(`sync: ${name} ...`);
    const done = await watchResources(service.pid, server.pid, database);
    const measure = await syncFolder(api, profileId, folder, ends);
    const resources = await done();
    syncs.push({ name, rowsPerSecond: rows / measure.seconds, ...measure, resources });
    say(`  ${measure.seconds.toFixed(2)} s, status ${measure.status}`);
    if (key !== 'first') continue;
    say('bare COPY of the same rows ...');
    bareCopy = await bareCopyOf(directory, server, database);
    say(`  ${bareCopy.seconds.toFixed(2)} s`);
  }
  return { idle, bareCopy, syncs };
}

async function parseAlone(folder: string): Promise<{ seconds: number; rows: number }> {
  const script = fileURLToPath(new URL('./parse-alone.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, folder]);
  return JSON.parse(stdout) as { seconds: number; rows: number };
}
