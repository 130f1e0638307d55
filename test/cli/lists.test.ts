import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { type CliResult, runCliHere } from '#test/helpers/cli-run.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { type TestFolder, testFolder } from '#test/helpers/roster-folder.ts';

const FILES = {
  'School.csv': 'SIS ID,Name\nS1,One\n',
  'Section.csv': 'SIS ID,School SIS ID,Section Name\nC1,S1,Art\n',
  'Student.csv':
    'SIS ID,School SIS ID,Username,First Name,Last Name,Grade\nP1,S1,amy,A,B,Class 5a\nP2,S1,bo,C,D,13\n',
  'Teacher.csv': 'SIS ID,School SIS ID,Username,First Name,Last Name\nT1,S1,kim,K,O\n',
  'StudentEnrollment.csv': 'Section SIS ID,SIS ID\nC1,P1\n',
  'TeacherRoster.csv': 'Section SIS ID,SIS ID\nC1,T1\n',
};

let rollbook: TestRollbook;
let folder: TestFolder;
before(async () => {
  rollbook = await startTestRollbook();
  folder = await testFolder('export');
  await folder.write(FILES);
});
after(async () => {
  await rollbook.stop();
  await folder.remove();
});

const cli = (...argv: string[]): Promise<CliResult> => runCliHere([...argv, '--data-dir', rollbook.dataDir]);

/** Values of grades that are not as they come with Rollbook. */
async function changedGrades(): Promise<string[]> {
  const { lists } = JSON.parse((await cli('lists', '--list', 'GRADES', '--json')).stdout) as {
    lists: { id: string; values: { code: string; title: string; origin: string; enabled: boolean }[] }[];
  };
  assert.deepEqual(
    lists.map(({ id }) => id),
    ['grades'],
  );
  return (lists[0]?.values ?? [])
    .filter(({ origin, enabled }) => origin === 'own' || !enabled)
    .map(({ code, title, enabled }) => `${code} (${title})${enabled ? '' : ' disabled'}`);
}

interface Counted {
  readonly findingCounts: readonly { readonly code: string; readonly rowCount: number }[];
}

function unknownIn({ findingCounts }: Counted): number {
  return findingCounts.find(({ code }) => code === 'ENUM_UNKNOWN')?.rowCount ?? 0;
}

/** Grades that a sync found to be in no list, and students that it changed. */
async function sync(): Promise<{ unknown: number; updated: number | undefined }> {
  assert.equal((await cli('sync', folder.path)).exitCode, 0);
  const run = JSON.parse((await cli('run', 'latest', '--json')).stdout) as Counted & {
    counts: { kinds: Record<string, { updated: number }> };
  };
  return { unknown: unknownIn(run), updated: run.counts.kinds['student']?.updated };
}

async function validate(...argv: string[]): Promise<number> {
  const { stdout, exitCode, stderr } = await runCliHere(['validate', folder.path, '--json', ...argv]);
  assert.equal(exitCode, 0, stderr);
  return unknownIn(JSON.parse(stdout) as Counted);
}

test('lists: all of them, and the values of one', async () => {
  const all = await cli('lists');
  assert.equal(all.exitCode, 0, all.stderr);
  assert.match(all.stdout, /^list +title +values +own +disabled +can be changed$/mu);
  assert.match(all.stdout, /^grades +Grades +30 +0 +0 +yes$/mu);
  assert.match(all.stdout, /^roles +Roles +39 +0 +0 +no$/mu);
  const one = await cli('lists', '--list', 'personFlags');
  assert.match(one.stdout, /^504 +Section 504/mu);
});

test('lists: add, change, remove, disable and enable', async () => {
  assert.equal((await cli('lists', 'add', 'grades', '5a')).stdout, 'Added: 5a (5a) in grades.\n');
  const changed = await cli('lists', 'add', 'Grades', '5A', '--title', 'Class 5a');
  assert.equal(changed.stdout, 'Changed: 5A (Class 5a) in grades.\n');
  assert.equal((await cli('lists', 'add', 'grades', '5a')).stdout, 'Changed: 5a (Class 5a) in grades.\n');
  assert.equal((await cli('lists', 'remove', 'grades', 'KG')).stdout, 'Disabled: kg in grades.\n');
  assert.deepEqual(await changedGrades(), ['kg (Kindergarten) disabled', '5a (Class 5a)']);
  assert.match((await cli('lists')).stdout, /^grades +Grades +30 +1 +1 +yes$/mu);
  assert.equal((await cli('lists', 'add', 'grades', 'KG')).stdout, 'Enabled: kg (Kindergarten) in grades.\n');
  assert.equal(
    (await cli('lists', 'add', 'grades', 'KG')).stdout,
    'There already: kg (Kindergarten) in grades.\n',
  );
  assert.equal((await cli('lists', 'remove', 'grades', '5A')).stdout, 'Removed: 5a in grades.\n');
  assert.deepEqual(await changedGrades(), []);
});

const WRONG: readonly [string[], number, RegExp][] = [
  [['add', 'colours', 'red'], 2, /There is no list 'colours'\. Lists: /u],
  [['add', 'grade', '5a'], 2, /Did you mean grades\?/u],
  [['add', 'roles', 'boss'], 2, /The list roles is fixed\./u],
  [['add', 'grades', 'KG', '--title', 'x'], 2, /kg is a value of the list: its title cannot be changed/u],
  [['add', 'grades', '1'], 1, /read as 01/u],
  [['remove', 'grades', '5a'], 1, /There is no value "5a" of your own/u],
  [['--list', 'colours'], 2, /There is no list 'colours'/u],
];
for (const [argv, exitCode, message] of WRONG) {
  test(`lists ${argv.join(' ')}: what is wrong is said`, async () => {
    const result = await cli('lists', ...argv);
    assert.equal(result.exitCode, exitCode);
    assert.match(result.stderr, message);
  });
}

test('the lists of the tenant hold for a sync, and for a validation that is given them', async () => {
  assert.deepEqual(await sync(), { unknown: 1, updated: 0 }, 'Class 5a');
  assert.equal(await validate(), 1);
  await cli('lists', 'add', 'grades', 'CLASS 5A');
  assert.deepEqual(await sync(), { unknown: 0, updated: 0 });
  await cli('lists', 'remove', 'grades', '13');
  assert.deepEqual(await sync(), { unknown: 1, updated: 0 }, '13; what is taken as received has not changed');
  const file = join(folder.path, '..', 'lists.json');
  await writeFile(file, (await cli('lists', '--json')).stdout);
  assert.equal(await validate('--lists', file), 1);
  await cli('lists', 'add', 'grades', '13');
  await writeFile(file, (await cli('lists', '--json')).stdout);
  assert.equal(await validate('--lists', file), 0);
  await writeFile(
    file,
    '{"lists": [{"id": "grades", "values": [{"code": "class 5a"}, {"code": "13", "enabled": false}]}]}',
  );
  assert.equal(await validate('--lists', file), 1);
});

const FILES_OF_LISTS: readonly [string, RegExp][] = [
  ['', /holds no lists/u],
  ['{', /holds no lists/u],
  ['{"value": []}', /holds no lists \(lists\)/u],
  ['{"lists": [{"id": "grades", "values": [{"title": "x"}]}]}', /lists\.0\.values\.0\.code/u],
  ['{"lists": [{"id": "grade", "values": []}]}', /Did you mean grades\?/u],
  ['{"lists": [{"id": "roles", "values": [{"code": "boss"}]}]}', /The list roles is fixed/u],
];
for (const [content, message] of FILES_OF_LISTS) {
  test(`validate --lists with ${content || 'an empty file'}: what is wrong is said`, async () => {
    const file = join(folder.path, '..', 'wrong.json');
    await writeFile(file, content);
    const result = await runCliHere(['validate', folder.path, '--lists', file]);
    assert.equal(result.exitCode, 2);
    assert.match(result.stderr, message);
  });
}

test('validate --lists with a file that is not there', async () => {
  const result = await runCliHere(['validate', folder.path, '--lists', join(folder.path, 'none.json')]);
  assert.equal(result.exitCode, 2);
  assert.match(result.stderr, /none\.json cannot be read: ENOENT/u);
});
