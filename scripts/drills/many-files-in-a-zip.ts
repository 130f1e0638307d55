import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { makeZip } from '#test/helpers/make-zip.ts';

import type { Drill } from './drill.ts';
import { copyRoster, describeRun, expectBounded } from './roster-files.ts';

/** An archive with more files than any roster has: its directory alone is several megabytes. */
export const drill: Drill = {
  summary: 'A zip with a roster among 100,000 other files is refused by their number, in bounded memory.',
  needs: 'half a minute',
  options: { files: '100000', memory: '500' },
  async run({ directory, options, say, rollbook }) {
    const folder = join(directory, 'roster');
    await copyRoster(folder);
    const good = await Promise.all(
      (await readdir(folder)).map(async (name) => ({
        path: name,
        content: await readFile(join(folder, name)),
      })),
    );
    const others = Array.from({ length: Number(options['files']) }, (_, number) => ({
      path: `other/${number}.txt`,
      content: 'x',
      store: true,
    }));
    const zip = join(directory, 'roster.zip');
    await writeFile(zip, makeZip([...good, ...others], { zip64: true }));
    const run = await rollbook('validate', zip);
    say(`validate: ${describeRun(run)}`);
    expectBounded(run, { peakMiB: Number(options['memory']), exitCodes: [3] });
    if (!run.output.includes('entries'))
      throw new Error(`it does not say why:\n${run.output.slice(0, 1_000)}`);
  },
};
