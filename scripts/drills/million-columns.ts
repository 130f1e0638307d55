import { join } from 'node:path';

import type { Drill } from './drill.ts';
import { copyRoster, describeRun, expectBounded, expectBoundedSync, writePieces } from './roster-files.ts';

export const drill: Drill = {
  summary: 'A header with a million columns is answered in bounded memory, and its page stays small.',
  needs: '100 MiB of disk; a minute',
  options: { columns: '1000000', rows: '3', memory: '900' },
  async run({ directory, options, say, rollbook }) {
    const columns = Number(options['columns']);
    const folder = join(directory, 'roster');
    await copyRoster(folder);
    await writePieces(folder, 'Student.csv', lines(columns, Number(options['rows'])));
    const page = join(directory, 'page.html');
    const run = await rollbook('validate', folder, '--report', page);
    say(`validate: ${describeRun(run)}`);
    expectBounded(run, { peakMiB: Number(options['memory']), exitCodes: [0, 3, 4] });
    await expectBoundedSync({ directory, say, rollbook }, folder, {
      name: 'columns',
      peakMiB: Number(options['memory']),
      exitCodes: [0, 1, 3, 4],
    });
  },
};

function* lines(columns: number, rows: number): Generator<string> {
  yield 'SIS ID,School SIS ID,First Name,Last Name,Username,Password';
  for (let column = 6; column < columns; column += 1) yield `,c${column}`;
  for (let row = 1; row <= rows; row += 1) {
    yield `\n3${row},1001,A,B,ab${row},x`;
    for (let column = 6; column < columns; column += 1) yield ',v';
  }
  yield '\n';
}
