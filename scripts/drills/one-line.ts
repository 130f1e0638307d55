import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Drill } from './drill.ts';
import {
  copyRoster,
  describeRun,
  expectBounded,
  expectBoundedSync,
  readSize,
  writePieces,
} from './roster-files.ts';

const HEADER =
  'SIS ID,School SIS ID,First Name,Last Name,Username,Password,Student Number,Grade,Status,Birthdate,Graduation Year\n';

/** What stands before the endless line, and what has to be said of it. */
const CASES: readonly (readonly [name: string, start: string, code: string])[] = [
  ['bare', HEADER, 'ROW_TOO_LONG'],
  ['quoted', `${HEADER}"`, 'ROW_TOO_LONG'],
  ['header', '', 'HEADER_UNREADABLE'],
];

/** A file that is one line, quoted and not, or not even a header: no row of it may be kept in memory. */
export const drill: Drill = {
  summary: 'A file that is one endless line is refused, in bounded memory, by validate and by a sync.',
  needs: 'disk for three times the size; 10 GiB take about twenty minutes',
  options: { size: '2GiB', memory: '900' },
  async run({ directory, options, say, rollbook }) {
    const bytes = readSize(options['size'] ?? '');
    const peakMiB = Number(options['memory']);
    for (const [name, start, code] of CASES) {
      const folder = join(directory, name);
      await copyRoster(folder);
      await writePieces(folder, 'Student.csv', oneLine(bytes, start));
      const run = await rollbook('validate', folder);
      say(`${name}: validate: ${describeRun(run)}`);
      expectBounded(run, { peakMiB, exitCodes: [3] });
      if (!run.output.includes(code)) throw new Error(`no word of ${code}:\n${run.output}`);
      await expectBoundedSync({ directory, say, rollbook }, folder, { name, peakMiB, exitCodes: [1, 3] });
      await rm(folder, { recursive: true });
    }
  },
};

function* oneLine(bytes: number, start: string): Generator<string | Buffer> {
  yield start;
  const piece = Buffer.alloc(1_048_576, 'a');
  for (let left = bytes; left > 0; left -= piece.length)
    yield left >= piece.length ? piece : piece.subarray(0, left);
}
