import assert from 'node:assert/strict';
import { test } from 'node:test';

import { must } from '#lib/assert.ts';
import { makeFiles } from '#test/corpus/format-rosters.ts';
import { shownFindings, stageFiles } from '#test/helpers/stage-files.ts';

const SIZES = { schools: 3, sections: 12, students: 60, teachers: 9 };
type Quotes = 'none' | 'all' | 'last';
/** The same rows, with quotes around all fields, or the last one. */
const quoted = (text: string, quotes: Quotes): string[] =>
  text
    .split(/\r?\n/u)
    .filter((line) => line !== '')
    .map((line) => {
      if (line.includes('"') || quotes === 'none') return line;
      const fields = line.split(',');
      return fields
        .map((field, i) => (quotes === 'all' || i === fields.length - 1 ? `"${field}"` : field))
        .join(',');
    });

for (const format of ['sds-v1', 'sds-v2.1', 'oneroster-1.1', 'clever'] as const)
  for (const quotes of ['none', 'all', 'last'] as const)
    for (const [what, instead] of [
      ['is missing', ''],
      ['is a lone carriage return', '\r'],
    ] as const)
      test(`${format}, quotes: ${quotes}: a line break that ${what} ends nothing`, async () => {
        const whole = makeFiles(format, SIZES) as Record<string, string>;
        const before = await stageFiles(whole, { format });
        const ended: string[] = [];
        for (const name of Object.keys(whole)) {
          const lines = quoted(must(whole[name]), quotes);
          for (let at = 1; at < lines.length - 1; at += 5) {
            const text = `${lines.slice(0, at + 1).join('\n')}${instead}${lines.slice(at + 1).join('\n')}\n`;
            const staged = await stageFiles({ ...whole, [name]: text }, { format, after: before });
            const ends = staged.items.filter(({ action }) => action === 'end');
            if (ends.length > 0)
              ended.push(
                `${name}:${at + 1}: ${ends.length} end (${[...new Set(ends.map(({ kind }) => kind))].join(', ')}); ${shownFindings(
                  staged.findings.filter(({ severity }) => severity === 'error'),
                )
                  .slice(0, 3)
                  .join('; ')}; ${JSON.stringify(text.split('\n')[at])}`,
              );
          }
        }
        assert.deepEqual(ended, []);
      });
