import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { filesOnDisk } from '#test/helpers/files-on-disk.ts';
import { shownFindings, stageFiles, type StagedFiles } from '#test/helpers/stage-files.ts';
import { CREATE_MAPPING, MATCH_MAPPING } from '#test/helpers/stage-upload.ts';
import { EXAMPLES_DIRECTORY, makeExamples } from '../../scripts/make-examples.ts';
import type { MappingSettings } from './contract.ts';
import { validateFiles } from './validate.ts';

async function readFolder(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder);
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return Object.fromEntries(names.map((name, i) => [name, texts[i] ?? '']));
}

const counts = ({ result }: Pick<StagedFiles, 'result'>): Record<string, number[]> =>
  Object.fromEntries(
    Object.entries(result.kinds).map(([kind, { records, created, updated, ended }]) => [
      kind,
      [records, created, updated, ended],
    ]),
  );

describe('our examples', () => {
  test('are what the script makes', async () => {
    for (const [name, files] of Object.entries(makeExamples()))
      assert.deepEqual(await readFolder(join(EXAMPLES_DIRECTORY, name)), files);
  });

  test('are sound, and the changed one changes little', async () => {
    const examples = makeExamples();
    const first = await stageFiles(examples.contoso);
    assert.deepEqual(shownFindings(first.findings), []);
    assert.deepEqual(counts(first), {
      org: [3, 3, 0, 0],
      academicSession: [1, 1, 0, 0],
      course: [8, 8, 0, 0],
      class: [24, 24, 0, 0],
      student: [120, 120, 0, 0],
      teacher: [15, 15, 0, 0],
      role: [136, 136, 0, 0],
      enrollment: [504, 504, 0, 0],
    });
    const changed = await stageFiles(examples['contoso-changed'], { after: first });
    assert.deepEqual(shownFindings(changed.findings), []);
    assert.deepEqual(counts(changed), {
      org: [3, 0, 1, 0],
      academicSession: [1, 0, 0, 0],
      course: [8, 0, 0, 0],
      class: [24, 0, 1, 0],
      student: [120, 1, 2, 1],
      teacher: [15, 0, 0, 0],
      role: [136, 1, 1, 1],
      enrollment: [503, 5, 0, 6],
    });
    const again = await stageFiles(examples['contoso-changed'], { after: changed });
    assert.equal(again.result.itemCount, 0);
  });

  test('validateFiles says the same without a database', async () => {
    const folder = join(EXAMPLES_DIRECTORY, 'contoso');
    const files = await filesOnDisk(folder);
    const { result, findings } = await validateFiles(files, CREATE_MAPPING, realSystem);
    assert.deepEqual([result.fatal, findings.length, result.kinds.student.records], [false, 0, 120]);
    assert.equal(result.rosterHash, (await stageFiles(makeExamples().contoso)).result.rosterHash);
  });
});

const samples = process.env['ROLLBOOK_SAMPLES'] ?? '';
if (samples === '') {
  test(
    'real rosters: not run, since ROLLBOOK_SAMPLES names no folder',
    { todo: 'set ROLLBOOK_SAMPLES' },
    () => undefined,
  );
} else {
  const cases: { folder: string; mapping: MappingSettings; records: number[]; findings: string[] }[] = [
    {
      folder: 'sds-v1-100-users',
      mapping: CREATE_MAPPING,
      records: [2, 1, 28, 28, 86, 12, 98, 630],
      findings: [
        'DATE_ORDER_ASSUMED section.csv Term EndDate 1',
        'DATE_ORDER_ASSUMED section.csv Term StartDate 1',
        'DATE_ORDER_ASSUMED student.csv Birthdate 1',
      ],
    },
    {
      folder: 'sds-v1-minimum',
      mapping: MATCH_MAPPING,
      records: [2, 0, 0, 2, 22, 2, 24, 46],
      findings: [],
    },
  ];
  describe('real rosters', () => {
    for (const { folder, mapping, records, findings } of cases) {
      test(folder, async () => {
        const files = await readFolder(join(samples, folder));
        const staged = await stageFiles(files, { mapping });
        assert.deepEqual(
          staged.result.findingCounts
            .map(({ code, file, field, rowCount }) => `${code} ${file} ${field} ${rowCount}`)
            .toSorted(),
          findings,
        );
        assert.deepEqual(
          Object.values(staged.result.kinds).map((kind) => kind.records),
          records,
        );
        assert.equal((await stageFiles(files, { mapping, after: staged })).result.itemCount, 0);
      });
    }
    test('the minimum set cannot create users', async () => {
      const { result } = await stageFiles(await readFolder(join(samples, 'sds-v1-minimum')));
      assert.equal(result.fatal, true);
    });
  });
}
