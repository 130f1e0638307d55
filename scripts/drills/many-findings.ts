import { join } from 'node:path';

import type { Drill } from './drill.ts';
import { copyRoster, describeRun, expectBounded, expectBoundedSync, writePieces } from './roster-files.ts';

/** Every row is wrong: all are counted, some are kept. */
export const drill: Drill = {
  summary: 'Five million rows that name nobody are counted one by one, and reported in bounded memory.',
  needs: '100 MB of disk, five minutes',
  options: { rows: '5000000', memory: '900' },
  async run({ directory, options, say, rollbook }) {
    const rows = Number(options['rows']);
    const peakMiB = Number(options['memory']);
    const folder = join(directory, 'roster');
    await copyRoster(folder);
    await writePieces(folder, 'StudentEnrollment.csv', wrongRows(rows));
    const run = await rollbook('validate', folder);
    say(`validate: ${describeRun(run)}`);
    expectBounded(run, { peakMiB, exitCodes: [3] });
    const counted = `${rows.toLocaleString('en-US')} faulty`;
    if (!run.output.includes(counted)) throw new Error(`not "${counted}":\n${run.output.slice(0, 1_000)}`);
    await expectBoundedSync({ directory, say, rollbook }, folder, {
      name: 'findings',
      peakMiB,
      exitCodes: [1, 3],
    });
  },
};

function* wrongRows(rows: number): Generator<string> {
  yield 'Section SIS ID,SIS ID\n';
  const many = 10_000;
  for (let done = 0; done < rows; done += many) {
    let text = '';
    for (let row = done; row < Math.min(done + many, rows); row += 1) text += `none${row},nobody${row}\n`;
    yield text;
  }
}
