/** What files say of people who are withdrawn, or have no record, is no error of theirs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FindingCollector } from '#sources/finding-collector.ts';
import { mergeFiles } from '#test/helpers/merge-files.ts';
import { bulkFiles, copyOfSet, deltaFiles, smallOneRoster } from '#test/helpers/one-roster.ts';
import { shown, shownFindings, stageFiles, type StagedFiles } from '#test/helpers/stage-files.ts';
import { GOOD_ONEROSTER } from '#test/helpers/user-faults.ts';

const set = smallOneRoster(3);
const before = await stageFiles(bulkFiles(set));
const badRows = ({ result }: StagedFiles): number =>
  result.files.reduce((sum, file) => sum + file.badRows, 0);

test('demographics of a disabled user go with the user', async () => {
  const files = bulkFiles(set);
  const users = String(files['users.csv']).replace('s-a0,,,true', 's-a0,,,false');
  const staged = await stageFiles({ ...files, 'users.csv': users }, { after: before });
  assert.deepEqual(
    shown(staged.items).map((line) => line.replace(/ \S+$/u, '')),
    ['end enrollment', 'end role', 'end student'],
  );
  assert.ok(
    shownFindings(staged.findings).includes('ROW_WITHDRAWN demographics.csv:2 sourcedId (information)'),
  );
  assert.equal(badRows(staged), 0);
});

test('people who are deleted by a delta leave no errors in what is kept', async () => {
  const after = copyOfSet(set);
  for (const id of ['s-a0', 's-b0', 's-a2']) after.users.delete(id);
  const merged = await mergeFiles(bulkFiles(set), deltaFiles(set, after));
  const staged = await stageFiles(merged.files ?? {}, { after: before, format: 'oneroster-1.2' });
  assert.equal(staged.items.filter(({ kind, action }) => kind === 'student' && action === 'end').length, 3);
  assert.equal(badRows(staged), 0);
  // In rows that were kept it is no news.
  const told = new FindingCollector();
  told.tellKept({
    from: 'before',
    uploadedLines: new Map(merged.summaries.map(({ file, deltaLines }) => [file, deltaLines])),
  });
  for (const { code, file, field, line } of staged.findings)
    told.report({ code, file, field }, () => ({ message: '', ...(line === undefined ? {} : { line }) }));
  assert.deepEqual(
    told.kept.map(({ code, file }) => `${code} ${file}`),
    ['users.csv', 'users.csv', 'users.csv'].map((file) => `ROW_WITHDRAWN ${file}`),
  );
});

test('of a parent demographics say nothing; a place in a class says why it is none', async () => {
  const staged = await stageFiles({
    ...GOOD_ONEROSTER,
    'manifest.csv': String(GOOD_ONEROSTER['manifest.csv']).replace(
      'demographics,absent',
      'demographics,bulk',
    ),
    'users.csv': `${GOOD_ONEROSTER['users.csv']}p1,,,true,s,parent,pat,Pat,Elm,\n`,
    'demographics.csv': 'sourcedId,status,dateLastModified,birthDate,sex\np1,,,1980-01-01,male\n',
    'enrollments.csv': `${GOOD_ONEROSTER['enrollments.csv']}e3,,,k,s,p1,student,,,\n`,
  });
  assert.deepEqual(shownFindings(staged.findings), [
    'USER_WITHOUT_ROLE users.csv:4 sourcedId (information)',
    'REFERENCE_NOT_FOUND enrollments.csv:4 userSourcedId (error)',
  ]);
  assert.match(staged.findings[1]?.message ?? '', /^The user that userSourcedId names has no role/u);
});
