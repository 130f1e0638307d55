import assert from 'node:assert/strict';
import { test } from 'node:test';

import { must } from '#lib/assert.ts';
import { makeFiles } from '#test/corpus/format-rosters.ts';
import { shownFindings, stageFiles } from '#test/helpers/stage-files.ts';

const SIZES = { schools: 4, sections: 40, students: 400, teachers: 40 };
/** What a crash of the sender, or a lost block of a disk, leaves: zeros in place of bytes. */
const zeroed = (bytes: Buffer, from: number, to: number): Buffer =>
  Buffer.concat([bytes.subarray(0, from), Buffer.alloc(to - from), bytes.subarray(to)]);

for (const format of ['sds-v1', 'sds-v2.1', 'oneroster-1.1', 'clever'] as const)
  for (const where of ['the end', 'the middle'])
    test(`${format}: zeros at ${where} of a file end nothing`, async () => {
      const whole = makeFiles(format, SIZES) as Record<string, string>;
      const before = await stageFiles(whole, { format });
      assert.deepEqual(before.result.fatal, false);
      const ended: string[] = [];
      for (const name of Object.keys(whole)) {
        const bytes = Buffer.from(must(whole[name]));
        if (bytes.length < 3000) continue;
        const from = where === 'the end' ? bytes.length - 1000 : Math.floor(bytes.length / 2);
        for (let shift = 0; shift < 40; shift += 3) {
          const to = where === 'the end' ? bytes.length : from - shift + 700;
          const staged = await stageFiles(
            { ...whole, [name]: zeroed(bytes, from - shift, to) },
            { format, after: before },
          );
          const ends = staged.items.filter(({ action }) => action === 'end');
          if (ends.length > 0)
            ended.push(
              `${name}, shift ${shift}: ${ends.length} end (${[...new Set(ends.map(({ kind }) => kind))].join(', ')}); ${shownFindings(
                staged.findings.filter(({ severity }) => severity === 'error'),
              )
                .slice(0, 3)
                .join('; ')}`,
            );
        }
      }
      assert.deepEqual(ended, []);
    });
