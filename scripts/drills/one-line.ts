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

/** A file that is one line, quoted and not: no row of it may be kept in memory. */
export const drill: Drill = {
  summary: 'A file that is one endless line is refused, in bounded memory, by validate and by a sync.',
  needs: 'disk for twice the size; 10 GiB take about ten minutes',
  options: { size: '2GiB', memory: '900' },
  async run({ directory, options, say, rollbook }) {
    const bytes = readSize(options['size'] ?? '');
    const peakMiB = Number(options['memory']);
    for (const [name, start] of [
      ['bare', ''],
      ['quoted', '"'],
    ] as const) {
      const folder = join(directory, name);
      await copyRoster(folder);
      await writePieces(folder, 'Student.csv', oneLine(bytes, start));
      const run = await rollbook('validate', folder);
      say(`${name}: validate: ${describeRun(run)}`);
      expectBounded(run, { peakMiB, exitCodes: [3] });
      await expectBoundedSync({ directory, say, rollbook }, folder, { name, peakMiB, exitCodes: [1, 3] });
    }
  },
};

function* oneLine(bytes: number, start: string): Generator<string | Buffer> {
  yield `SIS ID,School SIS ID,First Name,Last Name,Username,Password,Student Number,Grade,Status,Birthdate,Graduation Year\n${start}`;
  const piece = Buffer.alloc(1_048_576, 'a');
  for (let left = bytes; left > 0; left -= piece.length)
    yield left >= piece.length ? piece : piece.subarray(0, left);
}
