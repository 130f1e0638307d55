import assert from 'node:assert/strict';
import { test } from 'node:test';

import { must } from '#lib/assert.ts';
import { mergeFiles, oneRosterManifest } from '#test/helpers/merge-files.ts';
import { bulkFiles, smallOneRoster } from '#test/helpers/one-roster.ts';
import { shownFindings, stageFiles } from '#test/helpers/stage-files.ts';

for (const [what, damage] of [
  ['zeros in place of rows', (text: string) => text.slice(0, 900) + '\0'.repeat(400) + text.slice(1300)],
  ['a lone carriage return behind a quote', (text: string) => text.replace(/,\r\ns-a4,/u, ',"x"\rs-a4,')],
] as const)
  test(`${what}: nothing ends with the next delta either`, async () => {
    const { 'manifest.csv': _, ...whole } = bulkFiles(smallOneRoster(12));
    const options = { format: 'oneroster-1.2' } as const;
    const before = await stageFiles(whole, options);
    const damaged = { ...whole, 'users.csv': damage(must(whole['users.csv'])) };
    assert.notEqual(damaged['users.csv'], whole['users.csv']);
    const ends = ({ items }: typeof before): number => items.filter(({ action }) => action === 'end').length;
    const second = await stageFiles(damaged, { ...options, after: before });
    assert.equal(ends(second), 0, `whole: ${shownFindings(second.findings).join('; ')}`);
    const head = must(must(whole['users.csv']).split('\r\n')[0]);
    const merged = await mergeFiles(damaged, {
      'manifest.csv': oneRosterManifest('1.2', { users: 'delta' }),
      'users.csv': `${head}\r\n`,
    });
    const third = await stageFiles(must(merged.files), { ...options, after: second });
    assert.equal(ends(third), 0, `merged: ${shownFindings(third.findings).join('; ')}`);
  });
