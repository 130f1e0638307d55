import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { stageFiles } from '#test/helpers/stage-files.ts';
import { generateRoster, type GeneratorOptions, ROSTER_SIZES } from './roster-generator.ts';

const work = await mkdtemp(join(tmpdir(), 'rollbook-generator-'));
after(() => rm(work, { recursive: true, force: true }));

async function generate(
  name: string,
  options: GeneratorOptions,
): Promise<{ rows: number; files: Record<string, string> }> {
  const directory = join(work, name);
  const rows = await generateRoster(directory, options);
  const files: Record<string, string> = {};
  for (const file of await readdir(directory)) files[file] = await readFile(join(directory, file), 'utf8');
  return { rows, files };
}

test('the same options make the same bytes; another seed makes others', async () => {
  const one = await generate('one', { size: 'village', seed: 1 });
  assert.deepEqual(await generate('again', { size: 'village', seed: 1 }), one);
  assert.notDeepEqual((await generate('other', { size: 'village', seed: 2 })).files, one.files);
  const { schools, students, teachers, sections, enrollments } = ROSTER_SIZES.village;
  assert.equal(one.rows, schools + students + teachers + 2 * sections + enrollments);
});

test('the rosters are sound; a changed one differs in about as many rows as asked for', async () => {
  const first = await stageFiles((await generate('base', { size: 'school', seed: 3 })).files);
  assert.deepEqual(first.findings, []);
  const second = await stageFiles(
    (await generate('changed', { size: 'school', seed: 3, change: 0.02 })).files,
    {
      after: first,
    },
  );
  assert.deepEqual(second.findings, []);
  const { itemCount } = second.result;
  assert.ok(itemCount > 50 && itemCount < 500, `${itemCount} items`);
  const actions = new Set(second.items.map(({ action }) => action));
  assert.deepEqual([...actions].toSorted(), ['create', 'end', 'update']);
});

test('faults of every kind are where they are meant to be, and no row takes the others along', async () => {
  const faulty = await stageFiles(
    (await generate('faults', { size: 'school', seed: 3, faults: 0.02 })).files,
  );
  assert.deepEqual([...new Set(faulty.findings.map(({ code }) => code))].toSorted(), [
    'DATE_INVALID',
    'ID_DUPLICATE',
    'REFERENCE_DROPPED',
    'REFERENCE_NOT_FOUND',
    'REQUIRED_MISSING',
    'ROW_BROKEN_QUOTE',
    'ROW_CONTROL_CHARACTER',
    'ROW_DUPLICATE',
    'ROW_FIELD_COUNT',
  ]);
  const rows = faulty.result.files.reduce((sum, file) => sum + file.rows, 0);
  const badRows = faulty.result.files.reduce((sum, file) => sum + file.badRows, 0);
  assert.ok(badRows > rows * 0.005 && badRows < rows * 0.03, `${badRows} of ${rows}`);
});

test('a roster without its first school, and one with other ids', async () => {
  const size = { schools: 4, students: 400, teachers: 24, sections: 40, enrollments: 2_400 };
  const first = await stageFiles((await generate('four', { size, seed: 3 })).files);
  const three = await generate('three', { size, seed: 3, withoutFirstSchool: true });
  const vanished = await stageFiles(three.files, { after: first });
  assert.deepEqual(vanished.findings, []);
  assert.deepEqual([...new Set(vanished.items.map(({ action }) => action))], ['end']);
  assert.equal(three.rows, 3 * (1 + 100 + 6 + 10 + 600 + 10));
  const others = await stageFiles((await generate('others', { size, seed: 3, newIds: true })).files, {
    after: first,
  });
  const actions = Object.groupBy(others.items, ({ action }) => action);
  // The term and the courses keep their ids.
  assert.equal(actions.create?.length, first.items.length - 41);
  assert.equal(actions.end?.length, first.items.length - 41);
});
