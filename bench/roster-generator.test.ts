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
