import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { RosterFormat } from '#core/roster/formats.ts';
import { realSystem } from '#lib/system.ts';
import { validateFiles } from '#sources/validate.ts';
import { filesOnDisk } from '#test/helpers/files-on-disk.ts';
import {
  toCleverFormat,
  toOneRosterFormat,
  toUkFormat,
  toV21Format,
  toV2Format,
} from '#test/helpers/other-formats.ts';
import { CREATE_MAPPING } from '#test/helpers/stage-upload.ts';

export interface FormatMeasure {
  readonly format: RosterFormat;
  readonly rows: number;
  readonly rowsPerSecond: number;
  readonly ratioToFirst: number;
}

const ROUNDS = 3;

/**
 * Reads, checks and maps the same roster in each format, in turns so that all see the same machine; the median of three rounds. `folder`
 * holds it as SDS V1, the first of them.
 */
export async function measureFormats(folder: string): Promise<FormatMeasure[]> {
  const v1 = await readRoster(folder);
  const folders: [RosterFormat, string][] = [['sds-v1', folder]];
  for (const [format, files] of [
    ['sds-v1-uk', toUkFormat(v1)],
    ['sds-v2', toV2Format(v1)],
    ['sds-v2.1', toV21Format(v1)],
    ['oneroster-1.1', toOneRosterFormat(v1, '1.1')],
    ['oneroster-1.2', toOneRosterFormat(v1, '1.2')],
    ['clever', toCleverFormat(v1)],
  ] as const) {
    const path = `${folder}-${format}`;
    await mkdir(path);
    for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
    folders.push([format, path]);
  }
  const rounds = new Map<RosterFormat, { rows: number; rowsPerSecond: number }[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [format, path] of folders) {
      const started = performance.now();
      const { result } = await validateFiles(await filesOnDisk(path), CREATE_MAPPING, realSystem);
      const seconds = (performance.now() - started) / 1_000;
      if (result.format.name !== format || result.fatal) throw new Error(`${format} was not read`);
      const rows = result.files.reduce((sum, file) => sum + file.rows, 0);
      rounds.set(format, [...(rounds.get(format) ?? []), { rows, rowsPerSecond: rows / seconds }]);
    }
  }
  const medians = [...rounds].map(([format, measured]) => {
    const sorted = measured.toSorted((a, b) => a.rowsPerSecond - b.rowsPerSecond);
    const { rows, rowsPerSecond } = sorted[Math.floor(ROUNDS / 2)] ?? { rows: 0, rowsPerSecond: 0 };
    return { format, rows, rowsPerSecond };
  });
  const first = medians[0]?.rowsPerSecond ?? 1;
  return medians.map((measure) => ({ ...measure, ratioToFirst: measure.rowsPerSecond / first }));
}

async function readRoster(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder);
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
}

export function printFormats(measures: readonly FormatMeasure[]): void {
  for (const { format, rows, rowsPerSecond, ratioToFirst } of measures)
    console.log(
      `${format.padEnd(12)} ${String(rows).padStart(8)} rows  ${Math.round(rowsPerSecond).toString().padStart(8)} rows/s  ` +
        `${ratioToFirst.toFixed(2)} x ${measures[0]?.format ?? ''}`,
    );
}
