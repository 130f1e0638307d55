import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { DrillBench, MeasuredRun } from './drill.ts';

const CONTOSO = fileURLToPath(new URL('../../examples/contoso/', import.meta.url));

/** A small whole roster to put something hostile into. */
export async function copyRoster(to: string): Promise<void> {
  await cp(CONTOSO, to, { recursive: true });
}

/** Writes a file from pieces, whatever its size: at most one piece is in memory. */
export async function writePieces(
  folder: string,
  name: string,
  pieces: Iterable<string | Buffer>,
): Promise<void> {
  const stream = createWriteStream(join(folder, name));
  for (const piece of pieces) if (!stream.write(piece)) await once(stream, 'drain');
  stream.end();
  await once(stream, 'close');
}

/** `10GiB`, `200MiB` or a number of bytes. */
export function readSize(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+)(KiB|MiB|GiB)?$/u.exec(text) ?? [];
  if (digits === '') throw new Error(`${text} is no size, as 200MiB is.`);
  return (
    Number(digits) *
    { '': 1, KiB: 1_024, MiB: 1_024 ** 2, GiB: 1_024 ** 3 }[unit as '' | 'KiB' | 'MiB' | 'GiB']
  );
}

export function describeRun({ exitCode, seconds, peakMiB }: MeasuredRun): string {
  return `exit code ${exitCode ?? 'none'} after ${seconds.toFixed(1)} s, ${peakMiB} MiB at most`;
}

/** Throws when a run broke off, or took more memory than it may. `exitCodes`: those of a command that said what it thinks of the files. */
export function expectBounded(
  run: MeasuredRun,
  limit: { readonly peakMiB: number; readonly exitCodes: readonly number[] },
): void {
  if (run.exitCode === null || !limit.exitCodes.includes(run.exitCode))
    throw new Error(
      `exit code ${run.exitCode ?? 'none'} and not ${limit.exitCodes.join(' or ')}:\n${run.output.slice(0, 2_000)}`,
    );
  if (run.peakMiB > limit.peakMiB)
    throw new Error(`${run.peakMiB} MiB, more than the ${limit.peakMiB} MiB that it may take`);
}

/** Syncs a folder with a data directory of its own, and says what it took; the embedded PostgreSQL takes its share of the memory. */
export async function expectBoundedSync(
  { directory, say, rollbook }: Pick<DrillBench, 'directory' | 'say' | 'rollbook'>,
  folder: string,
  limit: { readonly name: string; readonly peakMiB: number; readonly exitCodes: readonly number[] },
): Promise<void> {
  const dataDir = join(directory, `data-${limit.name}`);
  const run = await rollbook('sync', folder, '--data-dir', dataDir, '--profile', 'drill');
  say(`${limit.name}: sync: ${describeRun(run)}`);
  expectBounded(run, { peakMiB: limit.peakMiB + 600, exitCodes: limit.exitCodes });
  // Another one of this size may not find the room.
  await rm(dataDir, { recursive: true });
}
