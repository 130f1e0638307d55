import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { oneRosterManifest } from '#test/helpers/merge-files.ts';
import { copyOfSet, deltaFiles, oneRosterCsv, smallOneRoster } from '#test/helpers/one-roster.ts';
import { shownFindings, stageFiles } from '#test/helpers/stage-files.ts';

describe('delta files by themselves, as rollbook validate reads them', () => {
  const first = smallOneRoster(4);
  const second = copyOfSet(first);
  second.users.set('s-a1', { ...second.users.get('s-a1'), givenName: 'Changed' });
  second.users.set('s-a9', { ...second.users.get('s-a1'), sourcedId: 's-a9', username: 's-a9', grades: 'x' });
  second.roles.set('r-new', {
    sourcedId: 'r-new',
    userSourcedId: 's-b1',
    role: 'student',
    orgSourcedId: 'a',
  });
  second.enrollments.set('e-new', {
    sourcedId: 'e-new',
    classSourcedId: 'c-a1',
    schoolSourcedId: 'a',
    userSourcedId: 's-b1',
    role: 'student',
  });
  second.enrollments.delete('e-c-a1-s-a0');

  test('what they leave out is not missed; their own values are checked', async () => {
    const { findings, result } = await stageFiles(deltaFiles(first, second), { alone: true });
    assert.deepEqual(shownFindings(findings), [
      'FILE_DELTA users.csv (information)',
      'FILE_DELTA roles.csv (information)',
      'FILE_DELTA enrollments.csv (information)',
      'ENUM_UNKNOWN users.csv:3 grades (warning)',
      'ROW_WITHDRAWN enrollments.csv:3 status (information)',
    ]);
    assert.match(findings[0]?.message ?? '', /only a sync can tell/u);
    assert.equal(result.fatal, false);
    assert.deepEqual(
      result.files.map(({ file, rows, badRows }) => `${file} ${rows} ${badRows}`),
      ['users.csv 2 0', 'roles.csv 1 0', 'enrollments.csv 2 0'],
    );
  });

  test('files of OneRoster 1.1 as well', async () => {
    const user = {
      sourcedId: 'u',
      status: 'active',
      enabledUser: 'true',
      username: 'u',
      givenName: 'G',
      familyName: 'F',
    };
    const csv = oneRosterCsv('users', [user])
      .replace('enabledUser,', 'enabledUser,orgSourcedIds,role,')
      .replace('true,', 'true,nowhere,student,');
    const { findings } = await stageFiles(
      { 'manifest.csv': oneRosterManifest('1.1', { users: 'delta' }), 'users.csv': csv },
      { alone: true },
    );
    assert.deepEqual(shownFindings(findings), ['FILE_DELTA users.csv (information)']);
  });

  test('a sync never reads them so', async () => {
    const { findings, result, items } = await stageFiles(deltaFiles(first, second));
    assert.equal(result.fatal, true);
    assert.deepEqual(items, []);
    assert.ok(findings.some(({ code }) => code === 'DELTA_WITHOUT_BASE'));
  });
});
