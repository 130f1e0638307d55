/**
 * `npm run bench -- --stage`: what it costs to read, check and compare a roster, beside three yardsticks that do less, or the same by other means,
 * each in a process of its own, in turns, so that all see the same machine.
 */
import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';

import type { DuckDbMeasure } from './duckdb-alone.ts';
import type { ProcessMeasure } from './process-measure.ts';
import { generateRoster, type GeneratorOptions, type RosterSize } from './roster-generator.ts';
import type { StageMeasure } from './stage-alone.ts';

const ROUNDS = 3;

export interface StagedScenario {
  readonly name: string;
  /** The median of the rounds, by seconds. */
  readonly rollbook: StageMeasure;
  /** Reading and hashing the bytes, udsv alone, DuckDB; undefined: not measured in this scenario. */
  readonly yardsticks:
    | { readonly bytes: ProcessMeasure; readonly udsv: ProcessMeasure; readonly duckdb: DuckDbMeasure }
    | undefined;
}

/** Measures what `compared` names against the yardsticks, three times; the other scenarios, and a nation, once, without them. */
export async function measureStaging(
  work: string,
  size: RosterSize,
  seed: number,
  say: (line: string) => void,
): Promise<StagedScenario[]> {
  const roster = join(work, 'roster');
  const snapshots = join(work, 'snapshots');
  const database = join(work, 'records.duckdb');
  await mkdir(snapshots, { recursive: true });
  say(`writing the roster of a ${size} ...`);
  await generateRoster(roster, { size, seed });
  say('first ...');
  const first = await run<StageMeasure>('stage-alone', [roster, snapshots, '--write']);
  const scenarios: StagedScenario[] = [{ name: 'first', rollbook: first, yardsticks: undefined }];
  // The bar of a nation is about memory, and DuckDB would have it all.
  const isNation = size === 'nation';
  if (!isNation) await run('duckdb-alone', [roster, database, '--write']);

  const variants: readonly [
    name: string,
    compared: boolean,
    options: Omit<GeneratorOptions, 'size' | 'seed'>,
  ][] = [
    ['no change', true, {}],
    ['0.5 % changed', true, { change: 0.005 }],
    ['a school vanished', false, { withoutFirstSchool: true }],
    ['all ids are others', false, { newIds: true }],
    ['0.2 % faulty rows', false, { faults: 0.002 }],
  ];
  for (const [name, compared, options] of isNation ? variants.slice(0, 2) : variants) {
    say(`${name} ...`);
    const folder = name === 'no change' ? roster : join(work, 'variant');
    if (folder !== roster) await generateRoster(folder, { size, seed, ...options });
    scenarios.push({ name, ...(await measureVariant(folder, compared && !isNation)) });
    if (folder !== roster) await rm(folder, { recursive: true });
  }
  return scenarios;

  async function measureVariant(folder: string, compared: boolean): Promise<Omit<StagedScenario, 'name'>> {
    if (!compared) return { rollbook: await run('stage-alone', [folder, snapshots]), yardsticks: undefined };
    const rollbook: StageMeasure[] = [];
    const bytes: ProcessMeasure[] = [];
    const udsv: ProcessMeasure[] = [];
    const duckdb: DuckDbMeasure[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      bytes.push(await run('hash-alone', [folder]));
      udsv.push(await run('parse-alone', [folder]));
      duckdb.push(await run('duckdb-alone', [folder, database]));
      rollbook.push(await run('stage-alone', [folder, snapshots]));
    }
    const yardsticks = { bytes: median(bytes), udsv: median(udsv), duckdb: median(duckdb) };
    assertSameWork(median(rollbook), yardsticks.duckdb);
    return { rollbook: median(rollbook), yardsticks };
  }
}

/** A yardstick that finds other changes does other work. */
function assertSameWork(rollbook: StageMeasure, duckdb: DuckDbMeasure): void {
  for (const name of ['rows', 'created', 'updated', 'ended', 'findings'] as const)
    if (rollbook[name] !== duckdb[name])
      throw new Error(`${name}: Rollbook ${rollbook[name]}, DuckDB ${duckdb[name]}: no fair comparison`);
}

async function run<T>(script: string, args: readonly string[]): Promise<T> {
  const path = fileURLToPath(new URL(`./${script}.ts`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args]);
  return JSON.parse(stdout) as T;
}

function median<T extends ProcessMeasure>(measures: readonly T[]): T {
  const middle = measures.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(measures.length / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

export function printStaging(scenarios: readonly StagedScenario[]): void {
  for (const { name, rollbook, yardsticks } of scenarios) {
    const { seconds, cpuSeconds, rows, peakMemoryMiB, created, updated, ended, findings } = rollbook;
    console.log(
      `${name}: ${seconds.toFixed(2)} s (CPU ${cpuSeconds.toFixed(2)} s), ${Math.round(rows / seconds)} rows/s, ${peakMemoryMiB} MiB; ` +
        `${created} new, ${updated} changed, ${ended} ended, ${findings} findings`,
    );
    if (yardsticks === undefined) continue;
    for (const [word, measure] of Object.entries(yardsticks) as [string, ProcessMeasure][])
      console.log(
        `  ${(seconds / measure.seconds).toFixed(2).padStart(6)} x ${word.padEnd(7)} ${measure.seconds.toFixed(2)} s ` +
          `(CPU ${measure.cpuSeconds.toFixed(2)} s), ${measure.peakMemoryMiB} MiB`,
      );
  }
}
